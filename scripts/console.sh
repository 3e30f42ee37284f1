#!/bin/sh
# Usage: scripts/console.sh [-h] [--stage STAGE [--region REGION]] [--port PORT]
#
# Shows a stage in a browser, on this machine only. Without --stage that is the demo's local cloud: if none is up,
# scripts/demo.sh --keep brings one up and fills it. What is then dropped into the upload page is recognised at once,
# by a poller that ticks beside the console. Ctrl-C ends the console and that poller and says how to end the local
# cloud, which stays up with all that is in it. The credentials last twelve hours: after that, start this anew.
#
#   --stage STAGE     a deployed stage instead, with the credentials that AWS's command line would use; its poller is
#                     the VM's. The console keeps its own files in CONSOLE_FOLDER (default: console-data/STAGE),
#                     enrolment adds to GALLERY_FILE and STUDENTS_FILE (default: gallery.npz and students.json here)
#   --region REGION   the stage's region (default: AWS_REGION, else us-east-1)
#   --port PORT       the port on 127.0.0.1 (default: CONSOLE_PORT, else 8080); a free one if it is taken
#
#   DEMO_OUTPUT       the demo's folder (default: demo-output), which is also the local console's

set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; }
say() { printf '%s\n' "console: $*" >&2; }

stage='' region='' port=${CONSOLE_PORT:-8080}
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) usage; exit 0 ;;
    --stage | --region | --port)
        [ -n "${2-}" ] || { usage >&2; exit 2; }
        case $1 in
        --stage) stage=$2 ;;
        --region) region=$2 ;;
        --port) port=$2 ;;
        esac
        shift 2
        ;;
    *) usage >&2; exit 2 ;;
    esac
done
[ -z "$region" ] || [ -n "$stage" ] || { usage >&2; exit 2; }

"$root/scripts/setup.sh"
python=$root/.venv/bin/python
ticker='' server=''

# Not PYTHONPATH: whatever a local cloud starts would inherit it and run this folder's code instead of the deployed.
python_here() ( cd "$root" && exec "$python" "$@" )

use_stage() {
    names=$("$python" "$root/scripts/stack_env.py" --stage "$stage" ${region:+--region "$region"})
    eval "$names"
    CONSOLE_FOLDER=${CONSOLE_FOLDER:-$PWD/console-data/$stage}
    GALLERY_FILE=${GALLERY_FILE:-$PWD/gallery.npz}
    STUDENTS_FILE=${STUDENTS_FILE:-$PWD/students.json}
}

use_demo() {
    out=${DEMO_OUTPUT:-$root/demo-output}
    [ ! -d "$out" ] || out=$(cd "$out" && pwd)
    if ! python_here -m localcloud renew --state "$out/localcloud" >/dev/null 2>&1; then
        say "no demo's local cloud is up: running the demo"
        "$root/scripts/demo.sh" --keep >&2
        out=$(cd "$out" && pwd)
    fi
    state=$out/localcloud
    # shellcheck disable=SC1091
    . "$state/console.env"
    CONSOLE_FOLDER=$out/console GALLERY_FILE=$out/gallery.npz STUDENTS_FILE=$out/students.json RESULTS_DIR=$out/results
    export RESULTS_DIR
}

# As cron would on the VM, but one after the other and without a pause but after a failure. For the background only.
tick_for_ever() {
    # shellcheck disable=SC1091
    . "$state/poller.env"
    export RESULTS_DIR="$out/results" POLLER_RECEIVE_S=20 POLLER_WAIT_S=2
    tick='' over=''
    trap 'over=yes; [ -z "$tick" ] || kill "$tick" 2>/dev/null || true' TERM
    trap '' INT HUP # the console's own end says when
    while [ -z "$over" ]; do
        (cd "$root" && exec "$python" -m poller.tick) 2>>"$out/poller.log" &
        tick=$!
        code=0
        wait "$tick" || code=$?
        if [ "$code" -ne 0 ] && [ -z "$over" ]; then
            sleep 5 &
            tick=$!
            wait "$tick" || true
        fi
    done
    wait "$tick" 2>/dev/null || true
}

clean_up() {
    trap '' INT TERM HUP
    for each in $server $ticker; do
        kill "$each" 2>/dev/null || continue
        wait "$each" 2>/dev/null || true
    done
    [ -n "$stage" ] || [ ! -f "${state-}/running.json" ] || say "the local cloud stays up. To end it:
  cd $root && .venv/bin/python -m localcloud down --state $state"
}

trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
if [ -n "$stage" ]; then use_stage; else use_demo; fi
trap clean_up EXIT
CONSOLE_PORT=$(python_here -c 'import sys; from localcloud.emulator import free_port; print(free_port(int(sys.argv[1])))' "$port")
[ "$CONSOLE_PORT" = "$port" ] || say "port $port is taken, so another one is used"
export CONSOLE_HOST=127.0.0.1 CONSOLE_PORT CONSOLE_FOLDER GALLERY_FILE STUDENTS_FILE
if [ -z "$stage" ]; then
    tick_for_ever &
    ticker=$!
fi
(cd "$root" && exec "$python" -m console serve) &
server=$!
wait "$server" # not in the foreground: a shell hears no signal until that ends
