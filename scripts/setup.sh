#!/bin/sh
# Usage: scripts/setup.sh [-h]
#
# Makes everything the other scripts need, inside this folder: .venv (Python packages; dlib comes built, nothing is
# compiled) and node_modules (the deployment framework). Runs in an instant when there is nothing to do.
# Needs Python 3.10 or newer with venv. Node 20 or newer is used when it is on PATH, else .venv brings its own.
#
#   PYTHON    the Python to build .venv with (default: the first that is new enough)

set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; }
say() { echo "setup: $*" >&2; }
fail() {
    say "$*"
    exit 2
}

case ${1-} in
-h | --help) usage; exit 0 ;;
'') ;;
*) usage >&2; exit 2 ;;
esac
cd "$root"

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; }

find_python() {
    if [ -n "${PYTHON-}" ]; then
        command -v "$PYTHON" >/dev/null || fail "PYTHON=$PYTHON is not a program"
        new_enough "$PYTHON" || fail "PYTHON=$PYTHON is older than 3.10"
        echo "$PYTHON"
        return
    fi
    for candidate in python3 python3.13 python3.12 python3.11 python3.10; do
        if new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    fail "no Python 3.10 or newer found; install one (Debian: apt-get install python3 python3-venv; macOS: brew install python) or set PYTHON"
}

make_venv() {
    python=$(find_python)
    say "making .venv with $("$python" --version)"
    if ! "$python" -m venv .venv >&2; then
        rm -rf .venv
        fail "this Python cannot make virtual environments; on Debian or Ubuntu: apt-get install python3-venv"
    fi
}

# face_recognition asks for `dlib`, which compiles for minutes; dlib-bin is that very module, built. Hence --no-deps.
install_python_packages() {
    wanted=$(cat requirements.txt requirements-console.txt requirements-dev.txt scripts/setup.sh | cksum)
    [ "$(cat .venv/.installed 2>/dev/null)" = "$wanted" ] && return
    say "installing the Python packages (a minute when they are in pip's cache)"
    pip="env PIP_DISABLE_PIP_VERSION_CHECK=1 .venv/bin/python -m pip install --quiet"
    $pip --only-binary dlib-bin,av,numpy -r requirements-dev.txt >&2
    $pip --no-deps face_recognition==1.3.0 >&2
    .venv/bin/python -m recognition.models
    echo "$wanted" >.venv/.installed
}

node_on_path_serves() {
    command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 20)' 2>/dev/null
}

install_node_packages() {
    [ -f package-lock.json ] || return 0
    wanted=$(cksum <package-lock.json)
    [ "$(cat node_modules/.installed 2>/dev/null)" = "$wanted" ] && return
    node_on_path_serves || export PATH="$root/.venv/bin:$PATH"
    say "installing the deployment framework with node $(node --version)"
    npm ci --no-audit --no-fund --loglevel=error >&2
    echo "$wanted" >node_modules/.installed
}

.venv/bin/python -c '' 2>/dev/null || make_venv
new_enough .venv/bin/python || fail ".venv holds a Python older than 3.10: remove the folder .venv and run this again"
install_python_packages
install_node_packages
