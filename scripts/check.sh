#!/bin/sh
# Usage: scripts/check.sh [-h]
#
# Style, types, security, architecture and shell scripts: ruff (whose S rules are bandit's lesser ones), mypy (strict),
# bandit, pip-audit, import-linter, shellcheck, hadolint. Changes nothing; runs every check even when one has failed,
# and exits with 1 if any did. Where no vulnerability service answers, pip-audit says NOT CHECKED; PIP_AUDIT_REQUIRED=1 makes that
# a failure. `.venv/bin/ruff format .` mends the formatting.

set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
case ${1-} in
-h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac

"$root/scripts/setup.sh"
cd "$root"
export PATH="$root/.venv/bin:$PATH"
failed=

check() {
    name=$1
    shift
    echo "check: $name" >&2
    "$@" || failed="$failed $name"
}

shell_scripts() {
    find . \( -name .venv -o -name node_modules -o -name .localcloud -o -name demo-output \) -prune -o \
        -type f \( -name '*.sh' -o -path './.ci/run' \) -print
}

check ruff ruff check .
check format ruff format --check .
check mypy mypy
check mypy-scripts env MYPYPATH=scripts mypy scripts/*.py
check mypy-bench mypy -p bench
check bandit bandit --quiet --recursive --severity-level medium wire recognition poller localcloud scripts handler.py
check pip-audit python scripts/audit.py
check import-linter env PYTHONPATH=. lint-imports
# shellcheck disable=SC2046  # our own file names have no spaces
check shellcheck shellcheck $(shell_scripts)
check hadolint hadolint Dockerfile

if [ -n "$failed" ]; then
    echo "check: failed:$failed" >&2
    exit 1
fi
echo "check: all passed" >&2
