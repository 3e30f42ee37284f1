#!/bin/sh
# Usage: scripts/check.sh [-h]
#
# Style, types, architecture, shell scripts, Dockerfile and security: ruff, mypy (strict), import-linter, shellcheck,
# hadolint, bandit, pip-audit. Changes nothing; runs every check even when one has failed, and exits with 1 if any did.
# `.venv/bin/ruff format .` mends the formatting. pip-audit needs the network: where it cannot ask, the last line says
# "not checked", and only PIP_AUDIT_REQUIRED=1 makes that a failure (scripts/audit.sh -h).

set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
case ${1-} in
-h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac

"$root/scripts/setup.sh"
cd "$root"
export PATH="$root/.venv/bin:$PATH"
failed=
unchecked=

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

audit() {
    status=0
    scripts/audit.sh || status=$?
    if [ "$status" -eq 3 ]; then
        unchecked="; not checked: pip-audit"
        return 0
    fi
    return "$status"
}

check ruff ruff check .
check format ruff format --check .
check mypy mypy
check mypy-scripts env MYPYPATH=scripts mypy scripts/*.py
check mypy-bench mypy -p bench
check import-linter env PYTHONPATH=. lint-imports
# shellcheck disable=SC2046  # our own file names have no spaces
check shellcheck shellcheck $(shell_scripts)
check bandit bandit --quiet --recursive --configfile pyproject.toml wire recognition poller localcloud scripts handler.py
check pip-audit audit
check hadolint hadolint Dockerfile

if [ -n "$failed" ]; then
    echo "check: failed:$failed$unchecked" >&2
    exit 1
fi
echo "check: all passed$unchecked" >&2
