#!/bin/sh
# Usage: scripts/build_image.sh [-h] [--platform P] [--base IMAGE] [--tag NAME] [-- OPTIONS]
#
# Builds the function's image, labelled with what it was made from; nothing is pushed (scripts/deploy.sh does that). The
# first time it compiles dlib: 6 to 10 minutes on two cores.
#
#   --platform P   linux/arm64 or linux/amd64 (default: this machine's). For the other one dlib is cross-compiled and
#                  the rest runs under qemu: a quarter of an hour more (docs/image.md)
#   --base IMAGE   the image to build on, with Python 3, venv and apt-get (default: BASE_IMAGE, else the Dockerfile's).
#                  NAME@sha256:… pins it; one name must hold both platforms if they differ
#   --tag NAME     the image's name (default: smart-classroom)
#   -- OPTIONS     go to the build as they are, such as --volume or --secret
#
# Needs docker, podman or buildah (IMAGE_TOOL=… chooses among them).

set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; }
say() { echo "build_image: $*" >&2; }
fail() {
    say "$*"
    exit 2
}

platform='' base=${BASE_IMAGE-} tag=smart-classroom
while [ $# -gt 0 ]; do
    case $1 in
    --platform | --base | --tag) [ $# -gt 1 ] || fail "$1 needs a value" ;;
    esac
    case $1 in
    -h | --help) usage; exit 0 ;;
    --platform) platform=$2; shift ;;
    --base) base=$2; shift ;;
    --tag) tag=$2; shift ;;
    --) shift; break ;;
    *) fail "unknown option $1; scripts/build_image.sh -h explains them" ;;
    esac
    shift
done
case $(uname -m) in
arm64 | aarch64) here=linux/arm64 ;;
*) here=linux/amd64 ;;
esac
platform=${platform:-$here}
case $platform in
linux/arm64) emulator=qemu-aarch64 ;;
linux/amd64) emulator=qemu-x86_64 ;;
*) fail "--platform is linux/arm64 or linux/amd64, not $platform" ;;
esac
tool=${IMAGE_TOOL-}
for candidate in docker podman buildah; do
    [ -n "$tool" ] || ! command -v "$candidate" >/dev/null || tool=$candidate
done
[ -n "$tool" ] || fail "docker, podman or buildah is needed to build the image: install one of them"
command -v "$tool" >/dev/null || fail "IMAGE_TOOL asks for $tool, which is not installed"

# Docker may build elsewhere, and says so itself at once; podman's machine on macOS brings the emulation with it.
if [ "$platform" != "$here" ] && [ "$tool" != docker ] && [ "$(uname -s)" = Linux ] \
    && [ ! -e "/proc/sys/fs/binfmt_misc/$emulator" ]; then
    fail "$platform needs $emulator to run here (Debian: apt-get install qemu-user-static binfmt-support, and in a" \
        "container mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc): or build on such a machine"
fi

cd "$root"
case $base in
*@sha256:*) ;;
*) say "the base is not pinned: --base NAME@sha256:… gives the same one next time (docs/image.md)" ;;
esac
[ -z "$base" ] || set -- --build-arg "BASE_IMAGE=$base" --label "org.opencontainers.image.base.name=$base" "$@"
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)
if revision=$(git rev-parse HEAD 2>/dev/null); then
    [ -z "$(git status --porcelain --untracked-files=no)" ] || revision=$revision-modified
    set -- --label "org.opencontainers.image.revision=$revision" "$@"
fi
set -- --platform "$platform" --label "org.opencontainers.image.version=$version" "$@"
case $tool in
docker) set -- buildx build --provenance=false --load "$@" ;; # with an attestation Lambda refuses the image
*) set -- build --format docker --layers --build-arg "BUILDPLATFORM=$here" "$@" ;;
esac
say "building $tag for $platform with $tool"
"$tool" "$@" --tag "$tag" .
