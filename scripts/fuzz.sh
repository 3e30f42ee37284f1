#!/bin/sh
# Usage: scripts/fuzz.sh [-h] [INPUTS [SEED]]
#
# Decodes INPUTS damaged clips (default 1200), made on the spot in eleven containers and codecs, and checks that each ends
# as frames or as a rejection, that the program stays alive, and that no process and no descriptor stays behind. SEED
# (default 0) is the number of the first: the same number is the same clip on every run. Ends with what became of them.

set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
case ${1-} in
-h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac

"$root/scripts/setup.sh"
cd "$root"
report=$(mktemp)
trap 'rm -f "$report"' EXIT
status=0
FUZZ_INPUTS=${1:-1200} FUZZ_SEED=${2:-0} .venv/bin/python -m pytest -m fuzz tests/fuzz -o junit_family=xunit1 --junit-xml "$report" || status=$?
.venv/bin/python -m tests.fuzz.tally "$report"
exit "$status"
