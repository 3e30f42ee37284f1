#!/bin/sh
# Usage: scripts/demo.sh [-h] [--keep] [DIR]
#
# The whole pipeline on this machine, without an AWS account: sets up, starts a local cloud and deploys the real stack
# onto it, enrols and publishes two students, uploads clips, ticks the real poller until every clip has its result on
# the disk, and shows what came of each. Exits with 1 if a clip is lost. Ctrl-C cleans up.
#
# Without DIR it makes six sample clips from public-domain faces. DIR is a folder of your own:
#
#   DIR/photographs/<student id>/   photographs of one student (one face in each), optionally student.json
#   DIR/clips/                      the clips: .mp4 .mov .mkv .webm .avi .m4v .3gp
#
#   --keep        leave the local cloud up at the end; scripts/console.sh then shows it in a browser
#   DEMO_OUTPUT   where results, pictures and logs go (default: demo-output; replaced on every run)
#   DEMO_TICKS    how often to tick at most (default: 200)

set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; }
say() { printf '\n%s\n' "demo: $*" >&2; }
fail() {
    echo "demo: $*" >&2
    exit 2
}

# Only the layout; recognition and upload say what is wrong with a photograph or a clip.
check_folder() {
    [ -d "$1" ] || fail "$1 is not a folder"
    [ -d "$1/clips" ] && [ -d "$1/photographs" ] ||
        fail "$1 must hold the folders clips/ and photographs/<student id>/ (scripts/demo.sh -h shows the layout)"
    [ -n "$(find "$1/photographs" -mindepth 1 -maxdepth 1 -type d)" ] ||
        fail "$1/photographs holds no student: make a folder named by the student's id and put photographs in it"
    [ -n "$(find "$1/clips" -type f)" ] || fail "$1/clips is empty: put the clips into it"
}

keep='' kept='' material=''
for argument in "$@"; do
    case $argument in
    -h | --help) usage; exit 0 ;;
    --keep) keep=yes ;;
    -*) usage >&2; exit 2 ;;
    *)
        [ -z "$material" ] || fail "one folder only"
        check_folder "$argument"
        material=$(cd "$argument" && pwd)
        ;;
    esac
done
out=${DEMO_OUTPUT:-$root/demo-output}
mkdir -p "$out"
out=$(cd "$out" && pwd)
if [ -n "$(ls -A "$out")" ] && [ ! -f "$out/.demo" ]; then
    fail "DEMO_OUTPUT=$out is not empty and no earlier demo made it: name another folder"
fi
touch "$out/.demo" # from now on its contents may be replaced
state=$out/localcloud
results=$out/results

"$root/scripts/setup.sh"
python=$root/.venv/bin/python
began=$(date +%s)
watcher=

# Not PYTHONPATH: the function would inherit it and run this folder's code instead of the code that was deployed.
python_here() ( cd "$root" && exec "$python" "$@" )
down() { python_here -m localcloud down --state "$state" >/dev/null 2>&1 || true; }
stop_watching() {
    [ -n "$watcher" ] || return 0
    kill "$watcher" 2>/dev/null || true
    wait "$watcher" 2>/dev/null || true
    watcher=
}
# shellcheck disable=SC2329 # the trap calls it
clean_up() {
    trap '' INT TERM HUP # a second Ctrl-C must not leave the cloud behind
    stop_watching
    [ -n "$kept" ] || down
}
as_operator() (
    # shellcheck disable=SC1091
    . "$state/operator.env"
    "$@"
)
as_poller() (
    # shellcheck disable=SC1091
    . "$state/poller.env"
    RESULTS_DIR=$results POLLER_RECEIVE_S=6 POLLER_WAIT_S=1 "$@"
)
report() { PYTHONPATH=$root "$python" "$root/scripts/demo_report.py" "$1" "$material/clips" "$results"; }

# A tick can last minutes; say what has arrived meanwhile.
watch_results() {
    seen=0 nap=''
    trap '[ -z "$nap" ] || kill "$nap" 2>/dev/null; exit 0' TERM # else the last sleep outlives the demo
    while :; do
        sleep 1 &
        nap=$!
        wait "$nap"
        now=$(find "$results" -name '*.json' | wc -l)
        [ "$now" -eq "$seen" ] || echo "  $((now)) on the disk" >&2
        seen=$now
    done
}

# Until every clip has its result, or nothing has moved for longer than a message stays hidden after a failure.
tick_until_done() {
    ticks=0 before='' moved=$(date +%s)
    while [ "$ticks" -lt "${DEMO_TICKS:-200}" ] && [ $(($(date +%s) - moved)) -lt 150 ]; do
        ticks=$((ticks + 1)) code=0
        as_poller python_here -m poller.tick 2>>"$out/poller.log" || code=$?
        have=$(report count) && finished=yes || finished=
        echo "tick $ticks: $have results" >&2
        [ -z "$finished" ] || return 0
        if [ "$code" -gt 1 ]; then
            tail -n 3 "$out/poller.log" >&2
            say "the poller gave up with code $code (python -m poller.tick -h explains it), see $out/poller.log"
            return 0
        fi
        [ "$have" = "$before" ] || moved=$(date +%s)
        before=$have
    done
}

trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
down # whatever a killed run left behind
rm -rf "$state" "$results" "$out/samples" "$out/gallery.npz" "$out/students.json" "$out/poller.log"
mkdir -p "$results"

if [ -z "$material" ]; then
    say "making the sample clips"
    material=$out/samples
    "$python" "$root/scripts/sample_clips.py" "$material" --sessions >&2
fi

say "starting the local cloud and deploying onto it"
python_here -m localcloud up --detach --state "$state" >&2

say "enrolling and publishing"
set -- --gallery "$out/gallery.npz" --students "$out/students.json"
as_operator "$root/scripts/enrol.sh" "$material/photographs" --consent-by "the demo" --drop "$@" >&2

say "uploading"
as_operator "$root/scripts/upload_workload.sh" "$material/clips" >&2

say "ticking the poller"
watch_results &
watcher=$!
tick_until_done
stop_watching
code=0

say "done in $(($(date +%s) - began)) s"
as_operator report table || code=$?
if [ -n "$keep" ]; then
    kept=yes
    say "the local cloud stays up. In a browser: scripts/console.sh. To end it:
  cd $root && .venv/bin/python -m localcloud down --state $state"
else
    say "to see this in a browser: scripts/console.sh (it runs the demo again and keeps its cloud up)"
fi
exit "$code"
