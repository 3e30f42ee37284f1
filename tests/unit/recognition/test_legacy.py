"""The legacy pickle is read and never executed."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recognition.errors import LegacyFormatError, StudentsError
from recognition.legacy import LEGACY_SHORTFALL, import_students, read_legacy
from recognition.roster import Consent, Student
from recognition.threshold import fitted_threshold

VECTOR = np.linspace(-0.3, 0.3, 128)
CONSENT = Consent("office", "2026-01-01")


def write(tmp_path: Path, content: object, protocol: int = 3) -> Path:
    path = tmp_path / "encoding"
    path.write_bytes(content if isinstance(content, bytes) else pickle.dumps(content, protocol))
    return path


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("kind", ["f4", "f8", ">f8"])
def test_every_pickle_protocol_and_float_type_is_read(tmp_path: Path, protocol: int, kind: str) -> None:
    vector = VECTOR.astype(kind)
    found = read_legacy(write(tmp_path, {"name": ["ada"], "encoding": [vector]}, protocol))
    assert found["ada"] == pytest.approx(VECTOR, abs=1e-7)


class Evil:
    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call[0], self.call[1:]


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_that_calls_something_is_refused_and_nothing_runs(tmp_path: Path, protocol: int) -> None:
    trace = tmp_path / "executed"
    path = write(tmp_path, {"name": ["x"], "encoding": [Evil(os.mkdir, str(trace))]}, protocol)
    with pytest.raises(LegacyFormatError, match="refused"):
        read_legacy(path)
    assert not trace.exists()


@pytest.mark.parametrize(
    "payload",
    [
        b"cbuiltins\neval\n(S'1+1'\ntR.",
        b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x031+1\x85R.",
        b"(inumpy\nndarray\n.",
        b"\x80\x02\x82\x01.",
        b"P1\n.",
        b"cnumpy\nload\n.",
        b"cnumpy.core.multiarray\nscalar\n.",
        b"c_codecs\nencode\n(X\x01\x00\x00\x00aX\x05\x00\x00\x00rot13tR.",
    ],
)
def test_every_other_global_or_opcode_is_refused(tmp_path: Path, payload: bytes) -> None:
    with pytest.raises(LegacyFormatError):
        read_legacy(write(tmp_path, payload))


def test_object_arrays_are_refused(tmp_path: Path) -> None:
    array = np.array([None] * 128, dtype=object)
    with pytest.raises(LegacyFormatError):
        read_legacy(write(tmp_path, {"name": ["x"], "encoding": [array]}))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a pickle",
        b"\x80\x03}q\x00",
        [],
        {},
        {"name": [], "encoding": []},
        {"name": ["a"], "encoding": []},
        {"name": ["a", "a"], "encoding": [VECTOR, VECTOR]},
        {"name": [3], "encoding": [VECTOR]},
        {"name": ["a"], "encoding": ["text"]},
        {"name": ["a"], "encoding": [VECTOR[:64]]},
        {"name": ["a"], "encoding": [VECTOR.astype("i8")]},
        {"name": ["a"], "encoding": [VECTOR * np.nan]},
        {"name": ["a"], "encoding": [VECTOR * 0]},
        {"name": "a", "encoding": [VECTOR]},
    ],
)
def test_what_is_no_legacy_gallery_gets_a_clear_error(tmp_path: Path, content: object) -> None:
    with pytest.raises(LegacyFormatError):
        read_legacy(write(tmp_path, content))


def test_a_missing_file_gets_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(LegacyFormatError, match="cannot be read"):
        read_legacy(tmp_path / "nowhere")


def test_names_become_the_rows_ids_and_consent_is_recorded_where_there_is_none() -> None:
    before = Consent("parents", "2025-09-01", "2027-07-31")
    rows = [Student("1", "ada", "maths", "senior"), Student("2", "bob", "art", "junior", before)]
    gallery, students = import_students({"ada": VECTOR, "nobody": VECTOR}, rows, CONSENT)
    assert gallery.student_ids == ("1", "nobody")
    assert gallery.photographs == (1, 1)
    assert [student.consent for student in students] == [CONSENT, before]


def test_the_threshold_allows_for_what_legacy_templates_lack_and_says_so() -> None:
    gallery, _ = import_students({"ada": VECTOR, "bob": VECTOR}, [], None)
    assert gallery.threshold == pytest.approx(fitted_threshold([1, 1]) - LEGACY_SHORTFALL)
    assert (gallery.threshold_from, gallery.enrolled) == ("legacy", None)
    left = gallery.restricted_to({"ada"})
    assert left.threshold == pytest.approx(fitted_threshold([1]) - LEGACY_SHORTFALL)


def test_two_students_of_one_name_are_refused_because_nobody_can_tell_whose_the_face_is() -> None:
    rows = [Student("1", "ann", "", ""), Student("2", "ann", "", "")]
    with pytest.raises(StudentsError, match="several students are called ann"):
        import_students({"ann": VECTOR}, rows, CONSENT)


def test_a_name_without_a_row_never_takes_another_students_id() -> None:
    with pytest.raises(StudentsError, match="another student's id: 5"):
        import_students({"5": VECTOR, "zoe": VECTOR}, [Student("5", "zoe", "", "")], CONSENT)


def test_a_pickle_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LegacyFormatError, match="more objects"):
        read_legacy(write(tmp_path, b"\x80\x02]r\xff\xff\xff\x7f."))


def test_a_stand_in_cannot_be_changed_by_the_pickle(tmp_path: Path) -> None:
    payload = b"\x80\x02c_codecs\nencode\nN}X\x0c\x00\x00\x00__defaults__X\x01\x00\x00\x00a\x85s\x86b."
    with pytest.raises(LegacyFormatError):
        read_legacy(write(tmp_path, payload))


def test_the_original_file_gives_its_eleven_people(course: Path) -> None:
    import json

    expected = json.loads((course / "gallery.json").read_text())
    found = read_legacy(course / "encoding")
    assert list(found) == expected["names"]
    assert np.array(list(found.values())) == pytest.approx(np.array(expected["embeddings"]), abs=1e-8)
