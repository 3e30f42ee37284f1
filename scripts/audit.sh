#!/bin/sh
# Usage: scripts/audit.sh [-h]
#
# Asks a vulnerability service (OSV, by pip-audit) about every Python package installed in .venv: what requirements.txt
# and requirements-dev.txt name, and what came with it. At most 30 seconds.
#
# What scripts/audit_ignored.txt lists, with a date and a reason, is passed over until that date.
#
#   PIP_AUDIT_REQUIRED=1   not checked counts as failed (default: it is said, and counts as nothing)
#   PIP_AUDIT_OSV_URL      the service's address, for a mirror (default: OSV's own)
#
# Exits with 0 when nothing was found, 1 when something was or the audit is broken, 2 when audit_ignored.txt is wrong,
# 3 when it was not checked: no service in reach, one that knows no vulnerability, or one that skipped a package.

set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; }
case ${1-} in
-h | --help) usage; exit 0 ;;
'') ;;
*) usage >&2; exit 2 ;;
esac

"$root/scripts/setup.sh"
exec "$root/.venv/bin/python" "$root/scripts/audit.py"
