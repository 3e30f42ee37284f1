#!/bin/sh
# Usage: scripts/test.sh [-h] [pytest's arguments]
#
# Runs the tests and reports the coverage of wire, poller and recognition. Without arguments the whole suite runs, as
# many files at once as TEST_WORKERS says, and coverage below 90 % fails it; with arguments they go to pytest:
#
#   scripts/test.sh tests/unit            one folder, in one process
#   scripts/test.sh -n 2 --dist loadfile  the whole suite, two files at once, without the floor
#   scripts/test.sh -m 'not pipeline'     all but the tests on a deployed local cloud
#   scripts/test.sh -k lease -x           by name, stop at the first failure
#
#   TEST_WORKERS   processes (default: 3: one waits while two use both cores of a small machine; 0: all in one)

set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
case ${1-} in
-h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac

"$root/scripts/setup.sh"
cd "$root"
if [ $# -eq 0 ]; then
    set -- -n "${TEST_WORKERS:-3}" --dist loadfile --no-loadscope-reorder --cov-fail-under=90
fi
exec .venv/bin/python -m pytest --cov --cov-report=term "$@"
