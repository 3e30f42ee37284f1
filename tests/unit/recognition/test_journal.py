"""What was seen is kept for the next run: private, whole lines only, of this model only, for one run at a time."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

import numpy as np
import pytest

from recognition.enrolment.journal import HEADER, Journal, journal_of
from recognition.errors import EnrolmentError
from recognition.faces import Box
from recognition.photograph import Seen
from recognition.quality import Quality

FACE = Seen(
    (640, 480), (Box(-3, 4, 100, 120),), np.linspace(-0.3, 1 / 3, 128), Quality(117, 0.1, 0.2, 30.5, 1 / 3), 2**255 + 7
)
CROWD = Seen((640, 480), (Box(1, 2, 3, 4), Box(5, 6, 7, 8)), fingerprint=9)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A journal of two photographs."""
    path = journal_of(tmp_path / "gallery.npz")
    with Journal(path) as journal:
        journal.put("face", FACE)
        journal.put("crowd", CROWD)
    return path


def read(file: Path) -> dict[str, Seen | None]:
    with Journal(file) as journal:
        return {digest: journal.get(digest) for digest in ("face", "crowd", "nobody")}


def test_what_was_seen_comes_back_bit_for_bit(file: Path) -> None:
    seen = read(file)
    face = seen["face"]
    assert face is not None
    assert face.embedding is not None
    assert face.embedding.tobytes() == FACE.embedding.tobytes()  # type: ignore[union-attr]
    assert (face.size, face.boxes, face.quality, face.fingerprint) == (
        FACE.size,
        FACE.boxes,
        FACE.quality,
        FACE.fingerprint,
    )
    assert seen["crowd"] is not None
    assert seen["crowd"].boxes == CROWD.boxes
    assert seen["nobody"] is None


def test_only_its_owner_may_read_it(file: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.name == ".gallery.npz.looked-at"


def test_a_line_that_an_interruption_cut_off_costs_one_photograph(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])
    assert [digest for digest, seen in read(file).items() if seen] == ["face"]
    with Journal(file) as journal:
        journal.put("crowd", CROWD)
    assert [digest for digest, seen in read(file).items() if seen] == ["face", "crowd"]


@pytest.mark.parametrize(
    "line",
    [b"nonsense", b"[]", b"{}", b"\xff\xfe", b'{"digest": "x", "size": [1, 2], "boxes": [[1]], "embedding": null}'],
)
def test_a_damaged_line_is_a_photograph_not_looked_at(file: Path, line: bytes) -> None:
    header, _, *rest = file.read_bytes().split(b"\n")
    file.write_bytes(b"\n".join([header, line, *rest]))
    assert [digest for digest, seen in read(file).items() if seen] == ["crowd"]


@pytest.mark.parametrize("change", [{"embedding": "AAAA"}, {"boxes": []}, {"quality": None}])
def test_a_line_that_contradicts_itself_is_a_photograph_not_looked_at(file: Path, change: dict[str, object]) -> None:
    header, first, *rest = file.read_bytes().split(b"\n")
    file.write_bytes(b"\n".join([header, json.dumps(json.loads(first) | change).encode(), *rest]))
    assert [digest for digest, seen in read(file).items() if seen] == ["crowd"]


@pytest.mark.parametrize("header", [{**HEADER, "model": "another"}, {**HEADER, "journal": 2}, {}, [], None])
def test_what_another_model_or_way_of_looking_saw_is_forgotten(file: Path, header: object) -> None:
    file.write_bytes(json.dumps(header).encode() + b"\n" + file.read_bytes().split(b"\n", 1)[1])
    assert not any(read(file).values())
    assert json.loads(file.read_bytes()) == HEADER


def test_an_unreadable_photograph_is_looked_at_again(file: Path) -> None:
    with Journal(file) as journal:
        journal.put("bad", Seen(unreadable="not a readable photograph (HEIC needs the package pillow-heif)"))
        assert journal.get("bad") is None


def test_two_enrolments_into_one_gallery_do_not_run_at_once(file: Path) -> None:
    with Journal(file), pytest.raises(EnrolmentError, match="another enrolment is running"), Journal(file):
        pass
    assert read(file)["face"]


def test_a_link_planted_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "journal").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match=r"symbolic|Too many levels"), Journal(tmp_path / "journal"):
        pass
    assert (tmp_path / "precious").read_text() == "precious"


def test_a_journal_removed_while_another_run_waits_for_it_lets_no_two_run(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, removed = fcntl.flock, []

    def lock_late(descriptor: int, how: int) -> None:
        if not removed:
            file.unlink()  # the run before ends between the opening and the locking
            removed.append(file)
        lock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", lock_late)
    with Journal(file), pytest.raises(EnrolmentError, match="another enrolment is running"), Journal(file):
        pass
    assert removed
