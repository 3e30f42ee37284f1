#!/bin/sh
# Usage: scripts/enrol.sh DIR [--students-csv FILE [--ignore COLUMN]...] [--consent-by WHO [--consent-until DATE]]
#                         [--skip-bad-photographs] [--gate refuse|warn|report] [--sheet FILE] [--gallery FILE]
#                         [--students FILE] [--no-publish | --drop]
#
# Enrols the students in DIR and publishes them: DIR holds a folder for each student, named by the student's id,
# with photographs and optionally student.json ({"name": ..., "major": ..., "year": ...}).
#
#   --students-csv FILE    a list of the students with names, sections, consents: docs/enrolment.md
#   --ignore COLUMN        pass over a column of that list
#   --consent-by WHO       who granted consent, for students without one in the list or student.json; without any, a
#                          student is not published
#   --consent-until DATE   when that consent ends (YYYY-MM-DD)
#   --skip-bad-photographs leave refused photographs out instead of stopping, and students who have no other
#   --gate MODE            refuse (default): nobody is enrolled while a photograph is at fault; warn; report: only look
#   --sheet FILE           a contact sheet (HTML) of what was accepted and what not, and why
#   --gallery FILE         where to keep the gallery (default gallery.npz)
#   --students FILE        where to keep the students' rows (default students.json)
#   --no-publish           stop after enrolling; nothing leaves this machine
#   --drop                 publish though the gallery lacks students who are published now; otherwise it is refused
#
# Publishing needs GALLERY_BUCKET and STUDENT_TABLE; `eval "$(scripts/stack_env.py --stage prod)"` sets them.

set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; }
fail() {
    echo "enrol: $*" >&2
    exit 2
}

dir='' gate='' gallery=gallery.npz students=students.json publish=yes drop=''
left=$# # what enrol takes goes to the end, as it was written
while [ "$left" -gt 0 ]; do
    case $1 in
    --students-csv | --ignore | --consent-by | --consent-until | --gate | --sheet | --gallery | --students)
        [ "$left" -gt 1 ] || fail "$1 needs a value"
        case $1 in --gate) gate=$2 ;; --gallery) gallery=$2 ;; --students) students=$2 ;; esac
        set -- "$@" "$1" "$2"
        shift
        left=$((left - 1))
        ;;
    -h | --help) usage; exit 0 ;;
    --skip-bad-photographs) set -- "$@" "$1" ;;
    --no-publish) publish='' ;;
    --drop) drop=--drop ;;
    -*) fail "unknown option $1; scripts/enrol.sh -h explains them" ;;
    *) [ -z "$dir" ] || fail "one folder only, not also $1"; dir=$1 ;;
    esac
    shift
    left=$((left - 1))
done
[ -n "$dir" ] || { usage >&2; exit 2; }
[ -d "$dir" ] || fail "$dir is not a folder"
[ "$gate" != report ] || publish='' # nothing is enrolled then
missing=
[ -n "${GALLERY_BUCKET-}" ] || missing="$missing GALLERY_BUCKET"
[ -n "${STUDENT_TABLE-}" ] || missing="$missing STUDENT_TABLE"
if [ -n "$publish" ] && [ -n "$missing" ]; then
    fail "publishing needs$missing in the environment (see -h), or say --no-publish"
fi

"$root/scripts/setup.sh"
export PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"
python="$root/.venv/bin/python"
"$python" -m recognition enrol "$dir" "$@"
if [ -n "$publish" ]; then
    "$python" -m recognition publish --gallery "$gallery" --students "$students" ${drop:+"$drop"}
fi
