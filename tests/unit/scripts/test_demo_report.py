"""The demo's closing line is counted from the files on the disk, and nothing else."""

from dataclasses import replace
from pathlib import Path

import demo_report
import pytest

from wire.result_json import write_result
from wire.result_message import Location, Result, StudentSeen
from wire.s3_event import Upload


def result(key: str, version: str = "1") -> Result:
    upload = Upload("in", key, version, "etag", "00", 10)
    student = StudentSeen("ada", "Ada", "mathematics", "senior", 0.97, 0.1, 3, 0.5)
    return Result(
        upload,
        "recognised",
        "",
        "name,major,year\r\n",
        Location("out", f"{key}.csv"),
        Location("out", f"{key}.json"),
        students=(student,),
        timing_ms={"total": 1250.0},
    )


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    folder = tmp_path / "clips"
    folder.mkdir()
    for name in ("a.mp4", "b.mp4"):
        (folder / name).write_bytes(b"clip")
    return folder


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    return folder


def file(results: Path, name: str, body: str) -> None:
    (results / name).write_text(body, encoding="utf-8")


def test_a_clip_without_a_record_is_lost_and_fails_the_demo(
    clips: Path, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file(results, "a-1.json", write_result(result("a.mp4")))
    assert demo_report.main(["table", str(clips), str(results)]) == 1
    said = capsys.readouterr().out
    assert "lost" in said
    assert said.splitlines()[-1] == "demo: 2 clips, 1 results, 1 lost"


def test_all_results_there_end_the_demo_well(clips: Path, results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for key in ("a.mp4", "b.mp4"):
        file(results, f"{key}-1.json", write_result(result(key)))
    assert demo_report.main(["table", str(clips), str(results)]) == 0
    said = capsys.readouterr().out
    assert "Ada" in said
    assert "0.970" in said
    assert "1.25" in said
    assert said.splitlines()[-1] == "demo: 2 clips, 2 results, 0 lost"


def test_an_uncertain_student_is_shown_with_a_question_mark_and_without_a_name_for_certain(
    clips: Path, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sure = result("a.mp4")
    file(
        results,
        "a-1.json",
        write_result(replace(sure, outcome="unknown", students=(), unknown_faces=1, uncertain=sure.students)),
    )
    file(results, "b-1.json", write_result(result("b.mp4")))
    demo_report.main(["table", str(clips), str(results)])
    assert "Ada?" in capsys.readouterr().out


def test_a_clip_named_like_markup_is_shown_as_it_is(
    clips: Path, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (clips / "[red]x[.mp4").write_bytes(b"clip")
    demo_report.main(["table", str(clips), str(results)])
    assert "[red]x[.mp4" in capsys.readouterr().out


def test_a_record_that_cannot_be_read_counts_as_none(
    clips: Path, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file(results, "a-1.json", write_result(result("a.mp4"))[:-20])
    assert demo_report.main(["count", str(clips), str(results)]) == 1
    said = capsys.readouterr()
    assert said.out == "0 of 2\n"
    assert "a-1.json" in said.err


def test_two_records_of_one_clip_make_one_result_and_one_spare() -> None:
    records = [(Path("1.json"), result("a.mp4")), (Path("2.json"), result("a.mp4", "2"))]
    report = demo_report.report_on(["a.mp4", "b.mp4"], records)
    assert (len(report.found), report.spare, report.lost) == (1, 1, 1)
