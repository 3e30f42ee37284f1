#!/bin/sh
# Usage: scripts/test_image.sh [-h] [--platform P] [--again] [pytest's arguments]
#
# Proves the function's image without a Docker daemon and without an account: makes a slim Debian base, builds the real
# Dockerfile on it from nothing, unpacks the image and runs it as Lambda does, read-only and unprivileged; then, where
# podman is, pushes it to a local ECR, deploys it and has the pipeline run in the container. A quarter of an hour on two
# cores, a second one for another processor's image. Sizes and times come with the tests' output.
#
#   --platform P   linux/arm64 or linux/amd64 (default: this machine's); the other one's runs under qemu
#   --again        keep the base and the layers of the last run: a minute
#
# Everything is kept under IMAGE_WORK (default: ~/.cache/smart-classroom-image), about 5 GB. PIP_CERT, if set, is the
# certificate that pip in the build trusts. Needs root, Debian's mmdebstrap, buildah, bubblewrap (and podman, runc,
# slirp4netns for the container's test).

set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
say() { echo "test_image: $*" >&2; }
fail() {
    say "$*"
    exit 2
}

case $(uname -m) in
arm64 | aarch64) platform=linux/arm64 ;;
*) platform=linux/amd64 ;;
esac
here=$platform again=''
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit 0 ;;
    --platform) [ $# -gt 1 ] || fail "--platform needs a value"; platform=$2; shift ;;
    --again) again=yes ;;
    *) break ;;
    esac
    shift
done
case $platform in
linux/arm64 | linux/amd64) ;;
*) fail "--platform is linux/arm64 or linux/amd64, not $platform" ;;
esac

# What is missing, all of it at once.
missing=''
[ "$(id -u)" -eq 0 ] || missing="$missing root (sudo),"
for program in mmdebstrap buildah bwrap; do
    command -v "$program" >/dev/null || missing="$missing $program,"
done
if [ "$platform" != "$here" ]; then
    command -v arch-test >/dev/null || missing="$missing arch-test,"
    [ -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ] || [ -e /proc/sys/fs/binfmt_misc/qemu-x86_64 ] \
        || missing="$missing qemu registered in binfmt_misc (scripts/build_image.sh -h),"
fi
[ -z "$missing" ] || fail "missing:${missing%,} (Debian: apt-get install mmdebstrap buildah bubblewrap)"

work=${IMAGE_WORK:-${XDG_CACHE_HOME:-$HOME/.cache}/smart-classroom-image}
base=localhost/smart-classroom-base image=localhost/smart-classroom
mkdir -p "$work"
cat >"$work/storage.conf" <<END
[storage]
driver = "overlay"
graphroot = "$work/storage"
runroot = "$work/run"
END
export CONTAINERS_STORAGE_CONF="$work/storage.conf" BUILDAH_ISOLATION=chroot
unset STORAGE_DRIVER

forget() {
    buildah rm --all >/dev/null
    [ -n "$again" ] || buildah rmi --all --force >/dev/null
}
forget

# As Debian's own slim image: no documentation, no translations.
make_base() {
    say "making the base for $1"
    mmdebstrap --quiet --variant=minbase --arch="$1" --include=python3,python3-venv,ca-certificates,netbase,tzdata \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/info/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/lintian/*' \
        trixie "$work/$1.tar"
    printf 'FROM scratch\nADD %s.tar /\n' "$1" >"$work/Containerfile"
    buildah build --quiet --platform "linux/$1" --tag "$base-$1" --file "$work/Containerfile" "$work" >/dev/null
    rm "$work/$1.tar"
    buildah manifest add --os linux --arch "$1" "$base" "$base-$1" >/dev/null
}

began=$(date +%s)
seconds() { echo $(($(date +%s) - began)); }
buildah manifest inspect "$base" >/dev/null 2>&1 || buildah manifest create "$base" >/dev/null
for architecture in $(printf '%s\n%s\n' "${here#*/}" "${platform#*/}" | sort -u); do
    buildah manifest inspect "$base" | grep -q "\"$architecture\"" || make_base "$architecture"
done
say "the base is there after $(seconds) s"

build() {
    if [ -n "${PIP_CERT-}" ]; then
        printf '[global]\ncert = /etc/pip-cert.pem\n' >"$work/pip.conf"
        set -- --volume "$PIP_CERT:/etc/pip-cert.pem:ro" --volume "$work/pip.conf:/etc/pip.conf:ro"
    fi
    IMAGE_TOOL=buildah "$root/scripts/build_image.sh" --platform "$platform" --base "$base" --tag "$image" -- "$@" >&2
}
began=$(date +%s)
build "$@"
say "the image is there after $(seconds) s"

IMAGE_ROOT=$(buildah mount "$(buildah from --platform "$platform" --pull-never "$image")")
export IMAGE_ROOT IMAGE_NAME="$image" IMAGE_PLATFORM="$platform" BASE_IMAGE="$base"

# Lambda's own emulator, for the container's test; it comes inside a package of PyPI.
"$root/scripts/setup.sh"
python=$root/.venv/bin/python
if [ "$platform" = "$here" ] && command -v podman >/dev/null; then
    LAMBDA_RIE_BINARY=$work/aws-lambda-rie
    export LAMBDA_RIE_BINARY
    if [ ! -x "$LAMBDA_RIE_BINARY" ]; then
        "$python" -m pip download --quiet --no-deps --dest "$work" "aws-sam-cli==1.170.0"
        "$python" -m zipfile -e "$work"/aws_sam_cli-1.170.0-*.whl "$work/sam"
        case $platform in
        linux/arm64) name=arm64 sum=ec2e5d09633d853834c008b1ef264bf834b258a94d551d2b2074966494b39a21 ;;
        *) name=x86_64 sum=6b1e686e62ab2baf5759c412c4864276ef2a88b094fca53ec070637ccba9b9a5 ;;
        esac
        found=$work/sam/samcli/local/rapid/aws-lambda-rie-$name
        echo "$sum  $found" | sha256sum --check --quiet
        install "$found" "$LAMBDA_RIE_BINARY"
        rm -r "$work/sam"
    fi
fi

status=0
cd "$root"
"$python" -m pytest -m image -rPs tests/deploy/test_image*.py "$@" || status=$?
buildah rm --all >/dev/null
exit "$status"
