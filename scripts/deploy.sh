#!/bin/sh
# Usage: scripts/deploy.sh [-h] [--dry-run] [--stage S] [--region R] [--platform P] [--tag T] [--repository N]
#                          [--digest D] [--param K=V]...
#
# Builds the function's image, pushes it to ECR and deploys the stage with it, pinned by its digest. Everything that is
# missing is named before anything is done, and then what will be done; --dry-run ends there. Run it again to deploy a
# change; a push of the same image changes nothing. What the stage was deployed with and is not given again, stays.
#
#   --stage       prod (plain names, data outlives the stack) or any other word (names with a suffix; default: prod)
#   --region      AWS region (default: AWS_REGION, else us-east-1)
#   --platform    linux/arm64 or linux/amd64; a quarter of an hour faster on that kind of processor (default: the stage's,
#                 else linux/arm64)
#   --tag         the image's tag (default: the commit's short hash)
#   --repository  the ECR repository (default: the stage's, else smart-classroom)
#   --digest      deploy this image of the repository (sha256:…) and build none: the way back
#   --param       a stage parameter of serverless.yml, such as functionConcurrency=20 or alarmEmail=ops@example.org;
#                 without a value (alarmEmail=) it goes back to its default
#
# Needs credentials in the environment or in ~/.aws, and docker, podman or buildah (IMAGE_TOOL=… chooses among them).
# BASE_IMAGE=NAME@sha256:… pins what scripts/build_image.sh builds on.

set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; }
say() { echo "deploy: $*" >&2; }
fail() {
    say "$*"
    exit 1
}

stage=prod region=${AWS_REGION:-${AWS_DEFAULT_REGION:-us-east-1}} tag='' digest='' given='' dry_run=''
give() { given="$given$1
"; }
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) usage; exit 0 ;;
    --dry-run) dry_run=yes && shift ;;
    --stage | --region | --platform | --tag | --digest | --repository | --param)
        [ $# -ge 2 ] || { say "$1 needs a value"; exit 2; }
        case $1 in
        --stage) stage=$2 ;;
        --region) region=$2 ;;
        --platform)
            case $2 in
            linux/arm64) give architecture=arm64 ;;
            linux/amd64) give architecture=x86_64 ;;
            *) say "--platform is linux/arm64 or linux/amd64, not $2"; exit 2 ;;
            esac ;;
        --tag) tag=$2 ;;
        --digest) digest=$2 ;;
        --repository) give "repository=$2" ;;
        --param)
            case $2 in *[[:space:]]* | =* | "${2%%=*}") say "--param takes NAME=VALUE without spaces"; exit 2 ;; esac
            give "$2" ;;
        esac
        shift 2 ;;
    *) usage >&2; exit 2 ;;
    esac
done
case $region in
[a-z]*-*-[0-9]*) ;;
*) say "--region is a name such as eu-central-1, not '$region'"; exit 2 ;;
esac
if [ -n "$digest" ] && ! printf %s "$digest" | grep -qxE 'sha256:[0-9a-f]{64}'; then
    say "--digest is sha256: and 64 hexadecimal digits, not '$digest'"
    exit 2
fi
case $stage in
local) say "the stage local is python -m localcloud up"; exit 2 ;;
default) say "--stage default is what serverless.yml calls the parameters of all stages: choose another"; exit 2 ;;
'' | -* | *[!a-z0-9-]*) say "--stage takes small letters, digits and hyphens, no hyphen first, not '$stage'"; exit 2 ;;
esac
cd "$root"

# What is missing, all of it at once.
python=$root/.venv/bin/python
[ -x "$python" ] || python=python3
tool=${IMAGE_TOOL-}
if [ -z "$tool" ]; then
    for candidate in docker podman buildah; do
        if command -v "$candidate" >/dev/null; then tool=$candidate && break; fi
    done
fi
missing=''
lack() { missing="$missing
  - $*"; }
account=''
if ! "$python" -c 'import boto3' 2>/dev/null; then
    lack "Python with boto3: run scripts/setup.sh"
elif ! account=$("$python" scripts/image_registry.py account --region "$region"); then
    lack "working AWS credentials: the line above says what is wrong"
fi
export NODE_NO_WARNINGS=1
if ! "$python" -m localcloud.with_node true 2>/dev/null; then
    lack "Node 20 or newer with npm: run scripts/setup.sh, which brings one"
elif [ -n "$account" ]; then
    [ -x node_modules/.bin/serverless ] || "$python" -m localcloud.with_node npm ci --no-audit --no-fund >&2
    if plan=$(printf %s "$given" | "$python" scripts/deploy_plan.py --stage "$stage" --region "$region" --account "$account"); then
        problems='' told='' passed='' architecture='' repository='' # what the plan says
        eval "$plan"
        missing="$missing${problems:+
$problems}"
        if [ -n "$digest" ] && [ -n "$repository" ]; then
            "$python" scripts/image_registry.py digest "$repository" "$digest" --region "$region" >/dev/null ||
                lack "that image in the repository $repository: the line above says what is wrong"
        fi
    else
        lack "a look at the stage as it is deployed: the line above says what is wrong"
    fi
fi
if [ -n "$digest" ]; then
    : # nothing is built
elif [ -z "$tool" ]; then
    lack "docker, podman or buildah, to build and push the image"
elif ! command -v "$tool" >/dev/null; then
    lack "$tool, which IMAGE_TOOL asks for"
elif [ "$tool" = docker ] && ! docker info >/dev/null 2>&1; then
    lack "a running docker daemon that this user may speak to (or IMAGE_TOOL=podman, IMAGE_TOOL=buildah)"
fi
[ -z "$missing" ] || fail "missing or in the way:$missing"
[ "$architecture" = arm64 ] && platform=linux/arm64 || platform=linux/amd64

tag=${tag:-$(git rev-parse --short=12 HEAD 2>/dev/null || echo latest)}
if [ -n "$digest" ]; then
    steps="  1. deploy the stage $stage with the image $digest of $repository, which is for $platform"
else
    steps="  1. build the image for $platform with $tool, unless it is built ($repository:$tag)
  2. make the ECR repository $repository if it is missing, and push
  3. deploy the stage $stage with that image, pinned by its digest"
fi
cat >&2 <<END
deploy: this is what will be done, as account $account in $region:
$steps${given:+
$(printf %s "$given" | sed 's/^/     with /')}${told:+
$told}
$([ "$stage" = prod ] && echo "  Its data outlives the stack." || echo "  Its data goes when the stage is removed.")
END
[ -z "$dry_run" ] || exit 0

if [ -z "$digest" ]; then
    registry=$("$python" scripts/image_registry.py registry "$repository" --region "$region")
    image=$registry/$repository:$tag
    IMAGE_TOOL=$tool scripts/build_image.sh --platform "$platform" --tag "$image" >&2
    say "pushing $image"
    "$python" scripts/image_registry.py password --region "$region" |
        "$tool" login --username AWS --password-stdin "$registry" >&2
    "$tool" push "$image" >&2
    digest=$("$python" scripts/image_registry.py digest "$repository" "$tag" --region "$region")
fi

say "deploying the stage $stage with $digest"
set --
while IFS= read -r parameter; do
    set -- "$@" "--param=$parameter"
done <<END
$passed
END
"$python" -m localcloud.with_node node_modules/.bin/serverless deploy --stage "$stage" \
    --param="imageDigest=$digest" "$@" >&2

names=$("$python" scripts/stack_env.py --stage "$stage" --region "$region")
eval "$names"
cat <<END
The stage $stage is deployed in $region. Next, on this machine:

  . .venv/bin/activate
  eval "\$(scripts/stack_env.py --stage $stage --region $region)"   # the stage's names, for the commands below
  scripts/enrol.sh PHOTOGRAPHS --consent-by WHO                     # students; a folder for each
  scripts/upload_workload.sh FOLDER_OF_CLIPS                        # into $INPUT_BUCKET

and the poller, on the VM (docs/poller.md; its identity: docs/credentials.md):

  scripts/stack_env.py --stage $stage --region $region >stage.env
  python -m build --wheel --outdir dist
  scp dist/smart_classroom_poller-*.whl stage.env scripts/install_poller.sh VM:
  ssh VM sudo sh install_poller.sh --settings stage.env --set AWS_PROFILE=smart-classroom

It assumes $POLLER_ROLE_ARN. What it is told:

$(echo "$names" | grep -E 'AWS_REGION|FUNCTION|QUEUE_URL|POLLER_TRIGGER' | sed 's/^/  /')
END
