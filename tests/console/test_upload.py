"""What the upload page's script is told: which files are no clips, where parts go, what became of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError
from flask import Flask
from werkzeug.test import TestResponse

from console.protection import LARGEST_BODY
from console.uploading import MOST_AT_ONCE, PART_BYTES
from recognition.aws.uploads import LIFE_S
from recognition.clip_file import MAX_CLIP_BYTES
from recognition.errors import SetupError
from tests.console.classroom import Classroom
from tests.console.conftest import MotoStage
from tests.console.visiting import Visitor

PLACE = {"section": "cse546", "session": "2026-11-23T0900", "place": ""}
START = b"\x00\x00\x00\x20ftypisom".hex()
CLIP = {"name": "cam 1.mp4", "size": 20, "start": START}
KEY = "cse546/2026-11-23T0900/cam 1.mp4"
ETAG = '"' + "0" * 32 + '"'


def ask(visitor: Visitor, what: str, body: Any) -> TestResponse:
    """What the script asks, with its token."""
    return visitor.client.post(f"/upload/{what}", json=body, headers={"X-CSRFToken": visitor.token("/upload")})


def judged(visitor: Visitor, place: dict[str, str] = PLACE, **changes: Any) -> dict[str, Any]:
    """The valid clip with `changes`, judged."""
    answer = ask(visitor, "judge", {**place, "files": [CLIP | changes]})
    assert answer.status_code == 200, answer.text
    (found,) = answer.get_json()["files"]
    return dict(found)


def begun(visitor: Visitor, **changes: Any) -> dict[str, Any]:
    answer = ask(visitor, "begin", {**PLACE, "file": CLIP | changes, "replace": False})
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def sent(visitor: Visitor, stage: MotoStage, ticket: str, content: bytes) -> str:
    """Send `content` as part 1, as S3 would take it: the part's ETag."""
    url = ask(visitor, "part", {"ticket": ticket, "number": 1}).get_json()["url"]
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    return str(
        stage.s3.upload_part(
            Bucket="clips", Key=KEY, UploadId=asked["uploadId"], PartNumber=int(asked["partNumber"]), Body=content
        )["ETag"]
    )


def test_a_clip_that_was_sent_in_parts_is_in_the_bucket_and_its_job_id_is_told(
    visitor: Visitor, stage: MotoStage
) -> None:
    told = begun(visitor)
    assert (told["parts"], told["part_bytes"]) == (1, PART_BYTES)
    etag = sent(visitor, stage, told["ticket"], b"x" * 20)
    answer = ask(visitor, "finish", {"ticket": told["ticket"], "etags": [etag]})
    assert re.fullmatch("[0-9a-f]{64}", answer.get_json()["job"])
    assert stage.s3.get_object(Bucket="clips", Key=KEY)["Body"].read() == b"x" * 20
    recorded = visitor.app.extensions["changes"].last(2)
    assert [each["what"] for each in recorded] == ["uploaded a clip", "began an upload"]
    assert recorded[0]["clip"] == answer.get_json()["job"]
    assert "cam 1" not in json.dumps(recorded)
    assert ask(visitor, "state", {"jobs": [answer.get_json()["job"]]}).get_json() == {}


def test_a_parts_address_lives_five_minutes_and_binds_its_length(visitor: Visitor) -> None:
    ticket = begun(visitor, size=PART_BYTES + 5)["ticket"]
    for number in (1, 2):
        url = ask(visitor, "part", {"ticket": ticket, "number": number}).get_json()["url"]
        asked = parse_qs(urlsplit(url).query)
        assert int(asked["X-Amz-Expires"][0]) == LIFE_S == 300
        assert "content-length" in asked["X-Amz-SignedHeaders"][0].split(";")
        assert asked["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
        assert not [name for name in asked if "checksum" in name.lower()]


def test_no_part_beyond_what_was_agreed_gets_an_address(visitor: Visitor) -> None:
    ticket = begun(visitor, size=PART_BYTES + 5)["ticket"]
    for number in (0, 3, -1, True, "1", None, 10**30):
        answer = ask(visitor, "part", {"ticket": ticket, "number": number})
        assert (answer.status_code, "reload the page" in answer.get_json()["error"]) == (422, True)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": "notes.txt"}, "not a clip by its name"),
        ({"name": "mp4"}, "not a clip by its name"),
        ({"name": ".hidden/cam.mp4"}, "hidden"),
        ({"size": 0}, "empty"),
        ({"size": MAX_CLIP_BYTES + 1}, "are allowed"),
        ({"start": b"these are my notes".hex()[:32]}, "not a video file"),
        ({"start": ""}, "not a video file"),
        ({"name": "x" * 1100 + ".mp4"}, "too long"),
    ],
)
def test_what_is_no_clip_is_refused_before_anything_of_it_is_sent(
    visitor: Visitor, stage: MotoStage, changes: dict[str, Any], reason: str
) -> None:
    assert judged(visitor)["refused"] == ""
    assert reason in judged(visitor, **changes)["refused"]
    answer = ask(visitor, "begin", {**PLACE, "file": CLIP | changes})
    assert (answer.status_code, reason in answer.get_json()["error"]) == (422, True)
    assert "Uploads" not in stage.s3.list_multipart_uploads(Bucket="clips")


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("../../other/cam.mp4", "other/cam.mp4"),
        ("C:\\clips\\cam.mp4", "C:/clips/cam.mp4"),
        ("//a///cam.mp4", "a/cam.mp4"),
        ("a\x00b\n\u202ecam.mp4", "a_b__cam.mp4"),
        ("Gro\u0308ße.mp4", "Größe.mp4"),
        ("<script>alert(1)<.mp4", "<script>alert(1)<.mp4"),
        ("\ud800cam.mp4", "_cam.mp4"),
    ],
)
def test_a_foreign_name_becomes_a_key_that_stays_in_its_session(visitor: Visitor, name: str, key: str) -> None:
    assert judged(visitor, name=name)["key"] == f"cse546/2026-11-23T0900/{key}"


@pytest.mark.parametrize("place", [{"section": ""}, {"session": ""}, {"section": "a/b"}, {"session": "x/../y"}])
def test_section_and_session_are_both_needed_and_hold_no_slash(visitor: Visitor, place: dict[str, str]) -> None:
    answer = ask(visitor, "judge", {**PLACE, **place, "files": [CLIP]})
    assert (answer.status_code, "section and session" in answer.get_json()["error"]) == (422, True)


def test_another_place_may_be_said_instead(visitor: Visitor) -> None:
    assert judged(visitor, {"section": "", "session": "", "place": " /trial/../one/ "})["key"] == "trial/one/cam 1.mp4"


def test_a_clip_that_is_there_already_is_told_and_replaced_only_if_asked(visitor: Visitor, stage: MotoStage) -> None:
    assert judged(visitor)["stored"] is False
    stage.s3.put_object(Bucket="clips", Key=KEY, Body=b"earlier")
    assert judged(visitor)["stored"] is True
    answer = ask(visitor, "begin", {**PLACE, "file": CLIP, "replace": "yes"})
    assert (answer.status_code, answer.get_json()["stored"]) == (409, True)
    assert ask(visitor, "begin", {**PLACE, "file": CLIP, "replace": True}).status_code == 200


def test_an_upload_that_is_given_up_leaves_nothing(visitor: Visitor, stage: MotoStage) -> None:
    ticket = begun(visitor)["ticket"]
    sent(visitor, stage, ticket, b"x" * 20)
    for _ in range(2):
        assert ask(visitor, "give-up", {"ticket": ticket}).status_code == 200
    assert "Uploads" not in stage.s3.list_multipart_uploads(Bucket="clips")


def test_an_upload_whose_parts_are_not_those_that_were_sent_is_not_finished(visitor: Visitor, stage: MotoStage) -> None:
    ticket = begun(visitor)["ticket"]
    sent(visitor, stage, ticket, b"x" * 20)
    answer = ask(visitor, "finish", {"ticket": ticket, "etags": [ETAG]})
    assert (answer.status_code, "send the clip again" in answer.get_json()["error"]) == (422, True)


def test_an_upload_is_finished_with_all_its_parts_and_no_others(visitor: Visitor) -> None:
    ticket = begun(visitor)["ticket"]
    for etags in ([], [ETAG, ETAG], ["<x>"], [1], "no list", None, [ETAG] * 1000):
        assert ask(visitor, "finish", {"ticket": ticket, "etags": etags}).status_code == 422


@pytest.mark.parametrize("what", ["part", "finish", "give-up"])
def test_a_ticket_that_this_console_did_not_write_opens_nothing(visitor: Visitor, what: str) -> None:
    for ticket in ("", None, 7, "forged", ["a"]):
        answer = ask(visitor, what, {"ticket": ticket, "number": 1, "etags": [ETAG]})
        assert (answer.status_code, "reload the page" in answer.get_json()["error"]) == (422, True)


@pytest.mark.parametrize("what", ["judge", "begin", "part", "finish", "give-up", "state"])
def test_a_body_that_no_script_of_ours_sends_is_an_error_and_nothing_else(visitor: Visitor, what: str) -> None:
    for body in (None, [], "text", {}, {"files": 1, "file": 1, "jobs": 1, "section": 1}):
        assert ask(visitor, what, body).status_code == 422


@pytest.mark.parametrize("changes", [{"name": 7}, {"size": "20"}, {"size": 1.5}, {"start": "zz"}, {"start": "00" * 99}])
def test_a_file_described_wrongly_is_not_understood(visitor: Visitor, changes: dict[str, Any]) -> None:
    assert ask(visitor, "judge", {**PLACE, "files": [CLIP | changes]}).status_code == 422


def test_not_more_is_judged_at_once_than_the_script_sends(visitor: Visitor) -> None:
    assert ask(visitor, "judge", {**PLACE, "files": [CLIP] * (MOST_AT_ONCE + 1)}).status_code == 422
    assert ask(visitor, "judge", {**PLACE, "files": [CLIP], "more": "x" * LARGEST_BODY}).status_code == 413


@pytest.mark.parametrize("what", ["judge", "begin", "part", "finish", "give-up", "state"])
def test_nothing_is_done_without_the_pages_token(visitor: Visitor, what: str) -> None:
    assert visitor.client.post(f"/upload/{what}", json={**PLACE, "files": []}).status_code == 400


def test_a_ticket_is_of_use_to_whom_it_was_written_for_only(signed_in: Callable[..., Visitor]) -> None:
    mia, ole = signed_in("instructor"), signed_in("operator")
    ticket = begun(mia)["ticket"]
    for what in ("part", "finish", "give-up"):
        assert ask(ole, what, {"ticket": ticket, "number": 1, "etags": [ETAG]}).status_code == 422
    assert ask(mia, "part", {"ticket": ticket, "number": 1}).status_code == 200


def test_each_role_may_upload(signed_in: Callable[..., Visitor]) -> None:
    for role in ("instructor", "operator", "privacy"):
        assert judged(signed_in(role))["refused"] == ""


def test_the_page_may_speak_to_the_store_and_to_nobody_else(visitor: Visitor) -> None:
    policy = visitor.get("/upload").headers["Content-Security-Policy"]
    (connect,) = re.findall("connect-src ([^;]*)", policy)
    assert re.fullmatch(r"'self' https://clips\.s3\.([a-z0-9-]+\.)?amazonaws\.com", connect)
    assert "amazonaws" not in visitor.get("/nowhere").headers["Content-Security-Policy"]


def test_without_script_the_page_says_which_command_does_the_same(visitor: Visitor) -> None:
    page = visitor.page("/upload")
    (fallback,) = re.findall('<div id="without">(.*?)</div>', page, re.DOTALL)
    assert '<form id="upload" hidden' in page
    assert "scripts/upload_workload.sh FOLDER --prefix SECTION/SESSION/" in unescape(fallback)


def test_what_the_cloud_refuses_is_told_by_its_code(visitor: Visitor, stage: MotoStage, app: Flask) -> None:
    token = visitor.token("/upload")
    app.extensions["stage"].uploads  # noqa: B018 the adapter is made before its bucket is gone
    stage.s3.delete_bucket(Bucket="clips")
    body = {**PLACE, "file": CLIP, "replace": True}
    answer = visitor.client.post("/upload/begin", json=body, headers={"X-CSRFToken": token})
    assert (answer.status_code, answer.get_json()) == (502, {"error": "the cloud says NoSuchBucket"})


@pytest.mark.parametrize(
    ("kind", "code"), [(ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject"), 502), (SetupError("no"), 503)]
)
def test_the_page_itself_tells_a_fault_to_people(
    visitor: Visitor, app: Flask, monkeypatch: pytest.MonkeyPatch, kind: Exception, code: int
) -> None:
    def broken() -> list[str]:
        raise kind

    monkeypatch.setattr(app.extensions["stage"], "sections_of_gallery", broken)
    assert "To the first page" in visitor.page("/upload", code)


def test_what_became_of_a_clip_is_told_and_its_page_to_whom_may_see_it(
    signed_in: Callable[..., Visitor], classroom: Classroom
) -> None:
    job = classroom.clip(outcome="no_face")
    jobs = {"jobs": [job, "0" * 64, "<nonsense>"]}
    assert ask(signed_in("instructor"), "state", jobs).get_json() == {
        job: {"outcome": "no_face", "page": f"/clips/{job}"}
    }
    assert ask(signed_in("operator"), "state", jobs).get_json() == {job: {"outcome": "no_face", "page": ""}}
