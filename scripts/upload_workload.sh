#!/bin/sh
# Usage: scripts/upload_workload.sh DIR [--requests N] [--bucket B] [--prefix P] [--again] [--all]
#
# Sends the clips in DIR (and its folders) to the input bucket, each under its path in DIR. What the bucket already
# holds with the same bytes is skipped, so an interrupted upload goes on when the command is given again.
#
#   --requests N   send N files instead, named test_0 to test_(N-1) with their clip's extension: request n is a copy of
#                  clip number n modulo the number of clips, the clips counted from 0 in natural order (2 before 10)
#   --bucket B     the input bucket (default: INPUT_BUCKET from the environment)
#   --prefix P     put P in front of every key, for example "monday/"
#   --again        send everything, also what is there already; every version is recognised anew
#   --all          send every file, not only .mp4 .mov .mkv .webm .avi .m4v .3gp
#
# Credentials and region come from AWS's usual settings (AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, ...).
# Exits with 0 when everything is there, 1 when something failed, 2 when a setting is missing.

set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; }
for argument in "$@"; do
    case $argument in
    -h | --help) usage; exit 0 ;;
    esac
done
[ $# -gt 0 ] || { usage >&2; exit 2; }

"$root/scripts/setup.sh"
export PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"
exec "$root/.venv/bin/python" "$root/scripts/upload_workload.py" "$@"
