#!/bin/sh
# Usage: scripts/bench.sh [-h] [NAME [--data DIR] [--json FILE]]
#
# Runs the benchmark bench/NAME.py with the arguments after NAME. Without NAME it lists the benchmarks.
#
#   --data DIR    the folder with the evaluation data, for the benchmarks that need it
#   --json FILE   write the figures there too

set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; }

# A benchmark is a program bench/NAME.py; the first line of its docstring says what it measures.
list() {
    echo "Benchmarks:"
    found=
    for file in "$root"/bench/[a-z]*.py; do
        grep -q '^if __name__' "$file" 2>/dev/null || continue # the others are what the benchmarks share
        found=yes
        printf '  %-16s %s\n' "$(basename "$file" .py)" "$(sed -n '1s/^"""\([^"]*\).*/\1/p' "$file")"
    done
    [ -n "$found" ] || echo "  none yet"
}

case ${1-} in
-h | --help) usage; list; exit 0 ;;
'') list; exit 0 ;;
esac
name=$1
shift
if ! grep -q '^if __name__' "$root/bench/$name.py" 2>/dev/null; then
    echo "bench: there is no benchmark called $name" >&2
    list >&2
    exit 2
fi

"$root/scripts/setup.sh"
# As a module: run by its path, bench/poller.py would stand in for the package `poller`.
PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}" exec "$root/.venv/bin/python" -m "bench.$name" "$@"
