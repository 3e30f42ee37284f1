#!/bin/sh
# Usage: scripts/build_image.sh [-h] [--platform P] [--base IMAGE] [--tag NAME] [-- OPTIONS]
#
# Builds the function's image and says what it is made of; nothing is pushed (scripts/deploy.sh does that). The first
# time it compiles dlib: 6 to 10 minutes on two cores.
#
#   --platform P   linux/arm64 or linux/amd64 (default: this machine's; dlib compiles for hours under emulation)
#   --base IMAGE   the image to build on, with Python, pip, venv and apt-get (default: the Dockerfile's)
#   --tag NAME     the image's name (default: smart-classroom)
#   -- OPTIONS     go to the build as they are, such as --volume or --secret
#
# Needs docker, podman or buildah (IMAGE_TOOL=… chooses among them).

set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; }
fail() {
    echo "build_image: $*" >&2
    exit 2
}

platform='' base='' tag=smart-classroom
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
case $platform in
'' | linux/arm64 | linux/amd64) ;;
*) fail "--platform is linux/arm64 or linux/amd64, not $platform" ;;
esac
tool=${IMAGE_TOOL-}
for candidate in docker podman buildah; do
    [ -n "$tool" ] || ! command -v "$candidate" >/dev/null || tool=$candidate
done
[ -n "$tool" ] || fail "docker, podman or buildah is needed to build the image: install one of them"
command -v "$tool" >/dev/null || fail "IMAGE_TOOL asks for $tool, which is not installed"

[ -z "$base" ] || set -- --build-arg "BASE_IMAGE=$base" "$@"
[ -z "$platform" ] || set -- --platform "$platform" "$@"
case $tool in
docker) set -- buildx build --provenance=false --load "$@" ;; # with an attestation Lambda refuses the image
*) set -- build --format docker --layers "$@" ;;
esac
cd "$root"
"$tool" "$@" --tag "$tag" .
