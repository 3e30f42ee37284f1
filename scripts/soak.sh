#!/bin/sh
# Usage: scripts/soak.sh [-h] [--objects N] [--seed N] [--share S] [--minutes M] [--json FILE]
#
# Uploads many objects (1,000) to a local cloud while calls fail, functions die and machines are killed, and draws up
# the balance: every uploaded version must have become one result. Exits with 1 if a promise was broken. Recognition is
# replaced by a stub, everything else is real. A thousand objects take about ten minutes.

set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
case ${1-} in
-h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac

"$root/scripts/setup.sh"
cd "$root"
exec .venv/bin/python -m tests.chaos.soak "$@"
