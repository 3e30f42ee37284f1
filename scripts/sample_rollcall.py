"""Makes the roll calls of docs/rollcall.md: OUT/session.html, section.html, both as .csv and .png.

    python scripts/sample_rollcall.py OUT

The clips, the faces and what is decided about them are real: public-domain photographs, `scripts/sample_clips.py` and
this program's own recognition, without any cloud. Made up are the students whom no clip shows, their templates, and
the correction.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import ImageFilter
from sample_clips import Sitter, make_samples, write_clip
from sample_faces import hopper

from recognition.annotate import annotated_picture
from recognition.bootstrap import identifier
from recognition.correct import correction_of
from recognition.decision import decision_of
from recognition.enrol import enrol
from recognition.enrolment.folders import read_folders
from recognition.errors import ClipRejected
from recognition.finished import FinishedVersion
from recognition.gallery import Gallery, make_gallery
from recognition.rollcall import roll_calls
from recognition.rollcall_csv import matrix_csv, session_csv
from recognition.rollcall_matrix import matrix_of
from recognition.rollcall_page import matrix_page, session_page
from recognition.rollcall_picture import rollcall_picture
from recognition.rollcall_wording import remarks
from recognition.roster import Consent, Student
from recognition.search import search_in
from recognition.sections import Session
from recognition.standing import Standing
from recognition.stopwatch import Stopwatch
from wire.result_message import Outcome
from wire.s3_event import Upload

SECTION, NOW = "cse546", datetime(2026, 11, 24, 9, tzinfo=timezone.utc)
CONSENT = Consent("the school office", "2026-09-01", "2027-07-31")
SESSIONS = {
    "2026-11-16T0900": ("both of them.mp4", "empty room.mp4"),
    "2026-11-18T0900": ("collins.mp4", "truncated.mp4"),
    "2026-11-23T0900": ("collins.mp4", "blurred.mp4", "stranger.mp4"),
}
UNSEEN = (
    Student("s1045", "Alan Turing", "mathematics", "senior", CONSENT),
    Student("s1002", "Emmy Noether", "mathematics", "junior"),
    Student("s1077", "Sam Rivera", "mathematics", "freshman", CONSENT),
)
ENROLLED_UNSEEN, NAMED_BY_HAND = "s1045", "s1077"


def make_rollcalls(out: Path) -> None:
    """Write the roll calls under `out`, over whatever is there."""
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        samples = Path(folder)
        make_samples(samples)
        portrait = hopper().filter(ImageFilter.GaussianBlur(6.6))
        write_clip(samples / "clips" / "blurred.mp4", [Sitter(portrait, 600, 330, 300)])
        enrolled = enrol(read_folders(samples / "photographs", CONSENT), identifier())
        gallery = _with_unseen(enrolled.gallery)
        rows = {each.student_id: each for each in (*enrolled.students, *UNSEEN)}
        standing = Standing(SECTION, frozenset(rows), rows, frozenset(gallery.student_ids), NOW)
        versions, pictures = _work(samples / "clips", gallery, standing)
    _write(out, versions, pictures, standing)


def _with_unseen(gallery: Gallery) -> Gallery:
    """The gallery with somebody whom no photograph shows."""
    assert gallery.enrolled is not None
    embeddings = {
        student_id: list(gallery.enrolled.embeddings[gallery.enrolled.owners == number])
        for number, student_id in enumerate(gallery.student_ids)
    }
    return make_gallery({**embeddings, ENROLLED_UNSEEN: [np.random.default_rng(1).normal(size=128)]})


def _work(clips: Path, gallery: Gallery, standing: Standing) -> tuple[list[FinishedVersion], dict[str, bytes]]:
    """What the function would have left behind of each session's clips."""
    versions, pictures = [], {}
    for session, names in SESSIONS.items():
        for name in names:
            version, picture = _look_at(clips / name, Session(SECTION, session), gallery, standing)
            versions.append(version)
            if picture:
                pictures[version.upload.key] = picture
    return [_corrected(version, standing) for version in versions], pictures


def _corrected(version: FinishedVersion, standing: Standing) -> FinishedVersion:
    """The stranger is named by a person."""
    if not version.upload.key.endswith("stranger.mp4"):
        return version
    return replace(version, corrections=(correction_of(version, standing, 1, "is", NAMED_BY_HAND, "Dr. Hamilton"),))


def _look_at(
    clip: Path, session: Session, gallery: Gallery, standing: Standing
) -> tuple[FinishedVersion, bytes | None]:
    upload = Upload("clips", f"{session.section}/{session.name}/{clip.name}", "v1", "", "01", 0)
    plain = FinishedVersion(upload, session, NOW.timestamp(), "rejected")
    search = search_in(gallery, "", beyond=False)
    try:
        with clip.open("rb") as file:
            finding = identifier().identify(file, gallery, Stopwatch())
    except ClipRejected:
        return plain, None
    names = {student_id: row.name for student_id, row in standing.rows.items()}
    named = any(verdict.student_id for verdict in finding.verdicts)
    outcome: Outcome = "recognised" if named else "unknown" if finding.verdicts else "no_face"
    return replace(plain, outcome=outcome, decision=decision_of(finding, search)), annotated_picture(finding, names)


def _write(out: Path, versions: Sequence[FinishedVersion], pictures: dict[str, bytes], standing: Standing) -> None:
    calls = roll_calls(versions, standing, "results")
    last, matrix = calls[-1], matrix_of(SECTION, calls)
    told = [remark for call in calls for remark in remarks(call)]
    (out / "session.html").write_text(session_page(last, NOW, pictures), encoding="utf-8")
    (out / "section.html").write_text(matrix_page(matrix, NOW, told), encoding="utf-8")
    (out / "session.csv").write_text(session_csv(last), encoding="utf-8", newline="")
    (out / "section.csv").write_text(matrix_csv(matrix), encoding="utf-8", newline="")
    (out / "session.png").write_bytes(rollcall_picture(matrix_of(SECTION, [last]), f"Roll call {SECTION}"))
    (out / "section.png").write_bytes(rollcall_picture(matrix, f"Roll call {SECTION}"))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Make roll calls of sample people.")
    parser.add_argument("out", type=Path, help="folder for the pages; made when it is missing")
    out: Path = parser.parse_args().out
    try:
        make_rollcalls(out)
    except KeyboardInterrupt:
        sys.exit(130)
    print(f"roll calls in {out}")


if __name__ == "__main__":
    main()
