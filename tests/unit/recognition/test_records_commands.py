"""`rollcall`, `explain`, `correct`, `corrections`, as an instructor calls them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from moto import mock_aws
from PIL import Image

from recognition.aws.calls import client
from recognition.aws.galleries import POINTER, S3Galleries
from recognition.aws.jobs import DynamoJobs
from recognition.aws.outputs import S3Store
from recognition.aws.roster import DynamoRoster
from recognition.decision import write_decision
from recognition.decode import open_clip
from recognition.finished import FinishedVersion
from recognition.jobs import Entry
from recognition.roster import Consent
from recognition.sample import sample_times
from recognition.sections import Session
from tests.decided import SESSION, face, finished, student
from tests.encoded import COLOURS, quarters
from tests.footage import write_clip
from tests.furnished import furnish
from tests.people import gallery_of
from tests.unit.recognition.command_line import Run
from wire.result_message import Location

LASTING = Consent("office", "2026-01-01")
CLIP = f"cse546/{SESSION}/cam1.mp4"


class Stage:
    """A stage in moto: Ada and Bob on cse546's roster, Cyd on none; a gallery of the three."""

    def __init__(self) -> None:
        self.s3, self.dynamodb = client("s3"), client("dynamodb")
        self.settings = furnish(self.s3, client("sqs"), self.dynamodb)
        self.roster = DynamoRoster(self.dynamodb, self.settings.student_table)
        here = ("cse546",)
        self.roster.write([student("a", "Ada", LASTING, here), student("b", "Bob", LASTING, here)])
        self.roster.write([student("c", "Cyd", LASTING)])
        gallery = replace(gallery_of("a", "b", "c"), sections={"cse546": ("a", "b")}, enrolled=None)
        S3Galleries(self.s3, self.settings.gallery_bucket).publish(gallery)

    def work(self, version: FinishedVersion, picture: bytes = b"\xff\xd8jpeg") -> None:
        jobs = DynamoJobs(self.dynamodb, self.settings.job_table)
        jobs.begin(version.upload, version.at - 60, version.at + 60)
        text = write_decision(version.decision) if version.decision else ""
        jobs.keep(version.upload, "the message", Entry(version.session, version.at, text))
        jobs.finish(version.upload, version.outcome, version.at + 1)
        if picture:
            place = Location(self.settings.output_bucket, f"{version.upload.key}.jpg")
            S3Store(self.s3).put(version.upload, place, picture, "image/jpeg")


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with mock_aws():
        made = Stage()
        for name in ("output_bucket", "gallery_bucket", "student_table", "job_table"):
            monkeypatch.setenv(name.upper(), getattr(made.settings, name))
        yield made


@pytest.fixture
def worked(stage: Stage) -> Stage:
    """With one clip: Ada for sure, Bob perhaps, Cyd beside the roster, a stranger."""
    stage.work(finished(face(1, "a"), face(2, "b", "uncertain", similarity=0.925), face(3, "c"), face(4)))
    return stage


def rows(file: str) -> dict[str, dict[str, str]]:
    with Path(file).open(encoding="utf-8", newline="") as text:
        return {row["student_id"]: row for row in csv.DictReader(text)}


def test_rollcall_of_a_session_says_who_was_there_and_writes_what_is_asked_for(run: Run, worked: Stage) -> None:
    shown = run("rollcall", "cse546", SESSION, "--csv", "r.csv", "--html", "r.html", "--png", "r.png", "--pictures")
    assert shown.code == 0, shown.err
    for said in ("Ada", "present", "Bob", "uncertain", "Cyd (not on the roster)"):
        assert said in shown.out
    assert {key: row["status"] for key, row in rows("r.csv").items()} == {
        "a": "present",
        "b": "uncertain",
        "c": "present",
    }
    page = Path("r.html").read_text()
    assert "Ada" in page
    assert "data:image/jpeg;base64," in page
    assert Path("r.png").read_bytes().startswith(b"\x89PNG")
    assert {Path(name).stat().st_mode & 0o777 for name in ("r.csv", "r.html", "r.png")} == {0o600}


def test_only_pictures_that_are_there_are_told_of(run: Run, worked: Stage) -> None:
    worked.work(finished(face(1, "b"), clip="cam2.mp4"))
    asked = ("rollcall", "cse546", SESSION, "--csv", "r.csv", "--html", "r.html", "--pictures")
    place = f"s3://{worked.settings.output_bucket}/{CLIP}.jpg"
    run(*asked)
    assert (rows("r.csv")["a"]["picture"], place in Path("r.html").read_text()) == (place, True)
    assert place in run("explain", CLIP).out
    worked.s3.delete_object(Bucket=worked.settings.output_bucket, Key=f"{CLIP}.jpg")
    assert run(*asked).code == 0
    page = Path("r.html").read_text()
    assert (rows("r.csv")["a"]["picture"], rows("r.csv")["b"]["picture"]) == ("", place.replace("cam1", "cam2"))
    assert (place in page, page.count("the picture is no longer there"), page.count("data:image")) == (False, 1, 1)
    assert "picture: no longer there, it was erased or has expired" in run("explain", CLIP).out


def test_rollcall_of_a_section_sets_its_sessions_side_by_side(run: Run, worked: Stage) -> None:
    worked.work(finished(face(1, "b"), session="2026-11-30T0900"))
    shown = run("rollcall", "cse546", "--csv", "r.csv", "--html", "r.html", "--png", "r.png")
    assert shown.code == 0, shown.err
    assert (rows("r.csv")["a"][SESSION], rows("r.csv")["a"]["2026-11-30T0900"]) == ("present", "absent")
    assert "2026-11-30T0900" in Path("r.html").read_text()


def test_many_sessions_get_a_letter_each(run: Run, worked: Stage) -> None:
    for number in range(6):
        worked.work(finished(face(1, "a"), session=f"{number}"), picture=b"")
    (ada,) = [line for line in run("rollcall", "cse546").out.splitlines() if "Ada" in line]
    assert (ada.count(" P "), "present" in ada) == (7, False)


def test_a_page_has_no_pictures_unless_they_are_asked_for(run: Run, worked: Stage) -> None:
    run("rollcall", "cse546", SESSION, "--html", "r.html")
    assert "data:image" not in Path("r.html").read_text()
    refused = run("rollcall", "cse546", "--html", "r.html", "--pictures")
    assert (refused.code, "--pictures goes with" in refused.err) == (2, True)


def test_what_the_reader_must_know_is_said_aside(run: Run, worked: Stage) -> None:
    worked.work(finished(clip="cam2.mp4", outcome="rejected"), picture=b"")
    shown = run("rollcall", "cse546", SESSION)
    assert "cam2.mp4 was not looked at: rejected." in shown.message


def test_a_section_that_no_student_has_is_told_and_those_seen_are_others(run: Run, stage: Stage) -> None:
    version = finished(face(1, "a"))
    key = f"math101/{SESSION}/cam.mp4"
    stage.work(replace(version, session=Session("math101", SESSION), upload=replace(version.upload, key=key)))
    shown = run("rollcall", "math101", SESSION)
    assert (shown.code, "has no roster" in shown.message) == (0, True)
    assert "Ada (not on the roster)" in shown.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["rollcall", "cse546", "2026-12-24"], f"its sessions are: {SESSION}"),
        (["rollcall", "cse54"], "no clip of section 'cse54' is finished; a clip's key must begin as SECTION_RULE says"),
        (["explain", "cam1.mp4"], "name the clip by its whole key"),
        (["correct", CLIP, "--face", "9", "--unknown", "--by", "me"], "its faces are: 1, 2, 3, 4"),
        (["correct", CLIP, "--face", "4", "--student", "nobody", "--by", "me"], "record the consent first"),
        (["correct", CLIP, "--face", "1", "--not", "b", "--by", "me"], "is not taken for 'b'"),
        (["correct", CLIP, "--face", "1", "--unknown", "--by", " "], "says by whom"),
    ],
)
def test_what_is_not_there_is_one_clear_error(run: Run, worked: Stage, arguments: list[str], says: str) -> None:
    refused = run(*arguments)
    assert refused.code == 1
    assert refused.err.startswith("error: ")
    assert says in refused.message


@pytest.mark.parametrize("said", [[], ["--unknown", "--student", "a"], ["--not", "a", "--student", "b"]])
def test_a_correction_says_one_thing(run: Run, worked: Stage, said: list[str]) -> None:
    refused = run("correct", CLIP, "--face", "1", "--by", "me", *said)
    assert (refused.code, "say one of" in refused.message) == (2, True)


@pytest.mark.parametrize("verb", [["rollcall", "x"], ["explain", "x"], ["corrections", "propose", "x"]])
def test_without_settings_every_missing_one_is_named(run: Run, verb: list[str]) -> None:
    refused = run(*verb)
    assert refused.code == 1
    assert "JOB_TABLE, STUDENT_TABLE, GALLERY_BUCKET, OUTPUT_BUCKET" in refused.message


def test_without_a_published_gallery_the_error_says_how_to_publish_one(run: Run, worked: Stage) -> None:
    worked.s3.delete_object(Bucket=worked.settings.gallery_bucket, Key=POINTER)
    assert "python -m recognition publish" in run("rollcall", "cse546").message


def test_explain_says_why_and_writes_the_picture(run: Run, worked: Stage) -> None:
    shown = run("explain", CLIP, "--picture", "p.jpg")
    assert shown.code == 0, shown.err
    assert "face 2, from 2.0 s on, in 4 frames: perhaps Bob (b)" in shown.out
    assert Path("p.jpg").read_bytes() == b"\xff\xd8jpeg"


def test_a_picture_that_names_who_has_withdrawn_is_not_written(run: Run, worked: Stage) -> None:
    worked.roster.write([student("a", "Ada", consent=None, sections=("cse546",))])
    shown = run("explain", CLIP, "--picture", "p.jpg")
    assert (shown.code, Path("p.jpg").exists()) == (1, False)
    assert "Ada" not in shown.out
    page = run("rollcall", "cse546", SESSION, "--html", "r.html", "--pictures")
    assert page.code == 0
    assert "data:image" not in Path("r.html").read_text()


def test_another_rule_tells_a_clips_section(run: Run, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECTION_RULE", "{section}/")
    version = finished(face(1, "a"))
    key = "cse546/cam1.mp4"
    stage.work(replace(version, session=Session("cse546"), upload=replace(version.upload, key=key)))
    assert "Ada (a)" in run("explain", key).out


def test_a_correction_flows_into_roll_call_and_explain_and_is_proposed(run: Run, worked: Stage) -> None:
    said = run("correct", CLIP, "--face", "2", "--student", "b", "--by", "Prof. Noether")
    assert (said.code, said.out.strip()) == (0, f"{CLIP}, face 2 is Bob (b), said Prof. Noether")
    run("correct", CLIP, "--face", "1", "--not", "a", "--by", "Prof. Noether")
    run("rollcall", "cse546", SESSION, "--csv", "r.csv")
    assert {key: row["status"] for key, row in rows("r.csv").items()} == {"a": "absent", "b": "present", "c": "present"}
    assert rows("r.csv")["b"]["corrected_by"] == "Prof. Noether"
    assert "Prof. Noether said on" in run("explain", CLIP).out
    proposed = run("corrections", "propose", "cse546")
    assert f"Bob (b): {CLIP} at 2.0 s, face 2, named by Prof. Noether" in proposed.out
    assert "1 face(s). Nothing was added." in proposed.err


def test_faces_that_people_named_are_cut_out_of_their_clips_to_be_looked_at(run: Run, stage: Stage) -> None:
    frames = [quarters(640, 480, COLOURS[turn:] + COLOURS[:turn]) for turn in range(4) for _ in range(10)]
    body = write_clip(Path("clip.mp4"), frames).read_bytes()
    put = stage.s3.put_object(Bucket="clips", Key=CLIP, Body=body)
    with open_clip(io.BytesIO(body)) as clip:
        moment = [frame.time_s for frame in clip.frames(sample_times(4.0))][2]
    seen = face(1, first_seen_s=moment, box=(40, 30, 240, 190))
    version = finished(seen, face(2))
    stage.work(replace(version, upload=replace(version.upload, version_id=put["VersionId"])))
    run("correct", CLIP, "--face", "1", "--student", "c", "--by", "me")
    shown = run("corrections", "propose", "cse546", "--cut", "cut")
    (file,) = Path("cut").iterdir()
    assert str(file) in shown.out
    with Image.open(file) as photograph:
        assert photograph.size == (360, 286)
        middle = np.asarray(photograph)[60:100, 100:140].reshape(-1, 3).mean(axis=0)
    assert np.abs(middle - COLOURS[int(moment)]).max() < 25, "another moment has another colour there"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_face_whose_clip_has_expired_is_listed_and_said_not_to_be_cut_out(run: Run, worked: Stage) -> None:
    run("correct", CLIP, "--face", "2", "--student", "b", "--by", "me")
    shown = run("corrections", "propose", "cse546", "--cut", "cut")
    assert (shown.code, "not cut out: the clip was deleted" in shown.out) == (0, True)


def test_no_name_moves_the_terminals_cursor_or_breaks_a_line(run: Run, worked: Stage) -> None:
    evil = "Ada\x1b[2J\r\n\u202eevil [red]x"
    worked.roster.write([student("b", evil, LASTING, ("cse546",))])
    run("correct", CLIP, "--face", "4", "--student", "b", "--by", "me\x1b[2J")
    for verb in (
        ["rollcall", "cse546", SESSION, "--png", "r.png"],
        ["explain", CLIP],
        ["corrections", "propose", "cse546"],
    ):
        shown = run(*verb)
        assert shown.code == 0, shown.err
        assert "evil [red]x" in shown.out
        assert not {"\x1b", "\r", "\u202e"} & set(shown.out)


def test_correcting_and_proposing_add_nothing_to_gallery_and_rows(run: Run, worked: Stage) -> None:
    def kept() -> Any:
        files = worked.s3.list_objects_v2(Bucket=worked.settings.gallery_bucket)["Contents"]
        return [each["ETag"] for each in files], worked.dynamodb.scan(TableName=worked.settings.student_table)["Items"]

    before = kept()
    run("correct", CLIP, "--face", "4", "--student", "c", "--by", "me")
    run("corrections", "propose", "cse546", SESSION)
    assert kept() == before


def test_a_stages_records_are_replayed_and_their_roll_calls_compared(run: Run, worked: Stage) -> None:
    same = run("rehearse", "cse546", "--threshold", "0.93")
    assert (same.code, same.out[:22]) == (0, "1 clip(s), 3 face(s): ")
    assert "1 face(s) were decided by more than a record keeps" in same.message
    higher = run("rehearse", "cse546", SESSION, "--threshold", "0.96", "--json")
    assert higher.code == 3
    told = json.loads(higher.out)
    assert {change["student_id"] for change in told["changes"]} == {"a", "b", "c"}
    assert [(turn["student_id"], turn["before"], turn["after"]) for turn in told["roll_calls"]] == [
        ("a", "present", "uncertain"),
        ("b", "uncertain", "absent"),
        ("c", "present", "uncertain"),
    ]
    assert "Ada" in run("rehearse", "cse546", "--threshold", "0.96").out


def test_the_records_of_all_sections_are_replayed_where_none_is_named(run: Run, worked: Stage) -> None:
    version = finished(face(1, "c"))
    apart = replace(version, session=Session(), upload=replace(version.upload, key="cam.mp4"))
    worked.work(apart, picture=b"")
    told = json.loads(run("rehearse", "--threshold", "0.96", "--json").out)
    assert (told["clips"], told["faces"]) == (2, 4)
    assert [change["clip"] for change in told["changes"]].count("cam.mp4") == 1
    assert {turn["section"] for turn in told["roll_calls"]} == {"cse546"}


def test_without_records_there_is_nothing_to_replay(run: Run, stage: Stage) -> None:
    refused = run("rehearse", "--threshold", "0.96")
    assert (refused.code, "there is nothing to replay" in refused.err) == (1, True)
    assert "no clip of section 'x' is finished" in run("rehearse", "x", "--threshold", "0.96").message


def test_records_that_do_not_tell_enough_say_so_and_what_would(run: Run, stage: Stage) -> None:
    stage.work(finished(face(1, similarity=0.99)))
    refused = run("rehearse", "cse546", "--threshold", "0.96")
    assert refused.code == 1
    assert "nothing can be rehearsed: 1 face(s) were decided by more than a record keeps" in refused.message
    assert "rehearse --clips DIR" in refused.message


def test_clips_of_no_session_have_a_heading_on_the_terminal(run: Run, stage: Stage) -> None:
    stage.work(finished(face(1, "a"), session=""))
    assert "all clips" in run("rollcall", "cse546").out


def test_a_rehearsal_shows_the_whole_of_a_long_key(run: Run, stage: Stage) -> None:
    stage.work(finished(face(1, "a"), clip="x" * 150 + ".mp4"))
    done = run("rehearse", "cse546", "--threshold", "0.99")
    changes, _, _ = done.out.partition("roll call now")
    assert (done.code, changes.count("x")) == (3, 150)
