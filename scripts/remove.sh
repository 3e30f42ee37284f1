#!/bin/sh
# Usage: scripts/remove.sh [-h] --stage S [--region R] [--yes]
#
# Removes a stage. Says first what goes and what stays, and asks for the stage's name. CloudFormation deletes no bucket
# that has something in it: the buckets that go with the stage are emptied before, with all their versions, for good.
# The stage prod keeps its buckets, tables, result queue and dead-letter queues, and nothing in them is touched.
#
#   --stage       which one; there is no default
#   --region      AWS region (default: AWS_REGION, else us-east-1)
#   --yes         do not ask
#
# Stop the poller and the cameras before: a clip that comes in between makes the removal fail, and then it is to be run
# again. The image stays in ECR. Needs credentials in the environment or in ~/.aws.

set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; }
say() { echo "remove: $*" >&2; }
fail() {
    say "$*"
    exit 1
}

stage='' region=${AWS_REGION:-${AWS_DEFAULT_REGION:-us-east-1}} sure=''
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) usage; exit 0 ;;
    --yes) sure=yes; shift ;;
    --stage | --region)
        [ $# -ge 2 ] || { say "$1 needs a value"; exit 2; }
        case $1 in
        --stage) stage=$2 ;;
        --region) region=$2 ;;
        esac
        shift 2 ;;
    *) usage >&2; exit 2 ;;
    esac
done
case $stage in
local) say "the stage local goes with python -m localcloud down"; exit 2 ;;
'') say "--stage says which one"; exit 2 ;;
*[!a-z0-9-]*) say "--stage takes small letters, digits and hyphens"; exit 2 ;;
esac
cd "$root"

python=$root/.venv/bin/python
[ -x "$python" ] || python=python3
"$python" -c 'import boto3' 2>/dev/null || fail "Python with boto3 is missing: run scripts/setup.sh"
"$python" -m localcloud.with_node true 2>/dev/null || fail "Node 20 or newer with npm is missing: run scripts/setup.sh"

contents=$("$python" scripts/stage_contents.py list --stage "$stage" --region "$region") || exit 1
say "the stage $stage in $region:
$contents"
if [ -z "$sure" ]; then
    printf 'remove: type the name of the stage to remove it: ' >&2
    read -r typed || typed=''
    [ "$typed" = "$stage" ] || fail "nothing was removed"
fi

"$python" scripts/stage_contents.py empty --stage "$stage" --region "$region" >&2
export NODE_NO_WARNINGS=1
[ -x node_modules/.bin/serverless ] || "$python" -m localcloud.with_node npm ci --no-audit --no-fund >&2
"$python" -m localcloud.with_node node_modules/.bin/serverless remove --stage "$stage" --param="region=$region" >&2
say "the stage $stage is removed"
