"""Who gets in, what their roles open, and what every answer carries."""

from __future__ import annotations

import io
import json
import os
import stat
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from flask import Flask

from console import users
from console.access import SESSION_S, needs
from console.app import create_app
from console.changes import LONGEST, Changes
from console.door import MOST_PLACES, MOST_TRIES, Door
from console.kept import Kept
from console.protection import LARGEST_BODY, LARGEST_FORM
from console.settings import Settings, read_settings
from console.users import Role, User, add_user, read_users, remove_user, signed_in
from recognition.errors import SetupError
from tests.console.conftest import PASSWORD
from tests.console.visiting import Visitor, notices

INSTRUCTOR = frozenset({"instructor"})
FORM = "multipart/form-data; boundary=x"


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """A console without a stage: getting in needs none."""
    made = create_app(Settings(folder=tmp_path / "console"))
    made.testing = False
    return made


def test_on_ones_own_machine_nobody_need_sign_in(visitor: Visitor) -> None:
    assert visitor.get("/sign-in").status_code == 302
    assert "Sign out" not in visitor.page("/nowhere", 404)


def test_as_soon_as_there_are_users_everybody_must_sign_in(app: Flask) -> None:
    add_user(app.extensions["settings"].users, "mia", INSTRUCTOR, PASSWORD)
    somebody = Visitor(app, app.test_client())
    for path in ("/", "/nowhere"):
        answer = somebody.get(path)
        assert (answer.status_code, answer.location) == (302, "/sign-in")


def test_who_signs_in_stays_in_until_the_password_changes(app: Flask, signed_in: Callable[..., Visitor]) -> None:
    mia = signed_in("instructor")
    assert mia.get("/nowhere").status_code == 404
    add_user(app.extensions["settings"].users, "instructor", INSTRUCTOR, "quite another password")
    assert mia.get("/nowhere").location == "/sign-in"


def test_signing_in_leads_to_the_page_that_was_asked_for(app: Flask) -> None:
    add_user(app.extensions["settings"].users, "mia", INSTRUCTOR, PASSWORD)
    somebody = Visitor(app, app.test_client())
    for asked, fetched in (
        ("/roll-call/section?section=a%26b", {}),
        ("/clips/list", {"Sec-Fetch-Mode": "cors"}),  # a page that renews itself is no page to come back to
        ("//elsewhere.example/clips", {}),
    ):
        somebody.get(asked, headers=fetched)
    form = {"name": "mia", "password": PASSWORD}
    assert somebody.send("/sign-in", form, found_at="/sign-in").location == "/roll-call/section?section=a%26b"


def test_who_is_removed_is_out_at_once_although_others_may_sign_in(
    app: Flask, signed_in: Callable[..., Visitor]
) -> None:
    mia, users = signed_in("instructor"), app.extensions["settings"].users
    add_user(users, "ole", INSTRUCTOR, PASSWORD)
    remove_user(users, "instructor")
    assert mia.get("/nowhere").location == "/sign-in"


def test_the_last_users_removal_opens_no_door(app: Flask, signed_in: Callable[..., Visitor]) -> None:
    mia = signed_in("instructor")
    remove_user(app.extensions["settings"].users, "instructor")
    assert mia.get("/").status_code == 503
    assert app.test_client().get("/").status_code == 503


def test_a_users_file_that_vanished_opens_no_door_behind_a_proxy(app: Flask) -> None:
    settings: Settings = app.extensions["settings"]
    add_user(settings.users, "mia", INSTRUCTOR, PASSWORD)
    behind = create_app(replace(settings, names=("console.school.example",)))
    settings.users.unlink()  # a proxy that names no sender makes everybody look as if on this machine
    answer = behind.test_client().get("/", headers={"Host": "console.school.example"})
    assert answer.status_code == 503


def test_signing_out_ends_the_session(signed_in: Callable[..., Visitor]) -> None:
    mia = signed_in("instructor")
    assert mia.send("/sign-out", {}, found_at="/nowhere").location == "/sign-in"
    assert mia.get("/nowhere").location == "/sign-in"


def test_signing_out_ends_every_copy_of_the_session(app: Flask, signed_in: Callable[..., Visitor]) -> None:
    mia = signed_in("instructor")
    cookie = mia.client.get_cookie("console")
    assert cookie is not None
    copy = app.test_client()
    copy.set_cookie("console", cookie.value)
    assert copy.get("/nowhere").status_code == 404
    mia.send("/sign-out", {}, found_at="/nowhere")
    assert copy.get("/nowhere").location == "/sign-in"


def test_a_session_ends_after_a_working_day_however_busy(app: Flask, signed_in: Callable[..., Visitor]) -> None:
    now = [0.0]
    app.extensions["sessions"] = Kept[str](SESSION_S, 9, lambda: now[0])
    mia = signed_in("instructor")
    for hour in range(10):
        now[0] = hour * 3600.0
        assert mia.get("/nowhere").status_code == 404
    now[0] = SESSION_S + 1
    assert mia.get("/nowhere").location == "/sign-in"


def test_a_console_that_starts_anew_knows_no_session_of_the_last(app: Flask, signed_in: Callable[..., Visitor]) -> None:
    mia = signed_in("instructor")
    cookie = mia.client.get_cookie("console")
    assert cookie is not None
    anew = create_app(app.extensions["settings"]).test_client()
    anew.set_cookie("console", cookie.value)
    assert anew.get("/nowhere").location == "/sign-in"


@pytest.mark.parametrize(("name", "password"), [("mia", "wrong"), ("nobody", PASSWORD), ("", ""), ("mia", "x" * 5000)])
def test_a_wrong_name_and_a_wrong_password_are_told_alike(app: Flask, name: str, password: str) -> None:
    add_user(app.extensions["settings"].users, "mia", INSTRUCTOR, PASSWORD)
    somebody = Visitor(app, app.test_client())
    answer = somebody.send("/sign-in", {"name": name, "password": password}, found_at="/sign-in")
    assert (answer.status_code, notices(answer.text)) == (401, ["Name or password is wrong."])


def test_guessing_is_stopped_for_a_while(app: Flask) -> None:
    now = [1000.0]
    app.extensions["door"] = Door(lambda: now[0])
    add_user(app.extensions["settings"].users, "mia", INSTRUCTOR, PASSWORD)
    somebody = Visitor(app, app.test_client())
    wrong, right = {"name": "mia", "password": "wrong"}, {"name": "mia", "password": PASSWORD}
    codes = [somebody.send("/sign-in", wrong, found_at="/sign-in").status_code for _ in range(MOST_TRIES)]
    assert set(codes) == {401}
    assert somebody.send("/sign-in", right, found_at="/sign-in").status_code == 429
    now[0] += 301
    assert somebody.send("/sign-in", right, found_at="/sign-in").status_code == 303


def test_who_guesses_from_one_network_shuts_out_no_other(app: Flask) -> None:
    add_user(app.extensions["settings"].users, "mia", INSTRUCTOR, PASSWORD)
    somebody = Visitor(app, app.test_client())

    def tried(address: str, password: str) -> int:
        there = {"REMOTE_ADDR": address}
        form = {"name": "mia", "password": password}
        return somebody.send("/sign-in", form, found_at="/sign-in", environ_overrides=there).status_code

    for n in range(MOST_TRIES):
        assert tried(f"2001:db8:0:1::{n}", "wrong") == 401  # a host has as many addresses as it likes
    assert tried("2001:db8:0:1:2::", PASSWORD) == 429
    assert tried("192.0.2.7", "wrong") == 401
    assert tried("2001:db8:0:2::1", PASSWORD) == 303


def test_guessing_fills_no_memory() -> None:
    door = Door()
    for n in range(MOST_PLACES + 5):
        door.note(str(n))
    assert len(door._failed._things) == MOST_PLACES


def test_a_form_without_its_token_is_not_taken(app: Flask) -> None:
    add_user(app.extensions["settings"].users, "mia", INSTRUCTOR, PASSWORD)
    answer = app.test_client().post("/sign-in", data={"name": "mia", "password": PASSWORD})
    assert (answer.status_code, "The form is stale" in answer.text) == (400, True)


def test_the_cookie_is_out_of_scripts_and_other_sites_reach(app: Flask, signed_in: Callable[..., Visitor]) -> None:
    add_user(app.extensions["settings"].users, "mia", INSTRUCTOR, PASSWORD)
    somebody = Visitor(app, app.test_client())
    answer = somebody.send("/sign-in", {"name": "mia", "password": PASSWORD}, found_at="/sign-in")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def test_where_others_reach_it_the_cookie_wants_tls(app: Flask, tmp_path: Path) -> None:
    add_user(app.extensions["settings"].users, "mia", INSTRUCTOR, PASSWORD)
    settings = replace(app.extensions["settings"], names=("console.school.example",))
    assert create_app(settings).config["SESSION_COOKIE_SECURE"] is True


def test_a_page_is_for_its_roles_only(app: Flask, signed_in: Callable[..., Visitor]) -> None:
    app.add_url_rule("/erasing", "erasing", needs("privacy")(lambda: "here"))
    assert signed_in("instructor").get("/erasing").status_code == 403
    assert signed_in("operator", "instructor").get("/erasing").status_code == 403
    assert signed_in("privacy").get("/erasing").text == "here"


def test_every_answer_forbids_what_it_does_not_need(visitor: Visitor) -> None:
    for path in ("/", "/nowhere", "/static/console.css"):
        headers = visitor.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
    assert visitor.get("/nowhere").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "console.school.example", ""])
def test_another_host_name_gets_no_page(visitor: Visitor, host: str) -> None:
    answer = visitor.get("/sign-in", headers={"Host": host})
    assert (answer.status_code, "<html" in answer.text) == (400, False)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:9000", "localhost"])
def test_loopbacks_names_are_answered_to(visitor: Visitor, host: str) -> None:
    assert visitor.get("/nowhere", headers={"Host": host}).status_code == 404


def test_more_than_a_form_may_hold_is_refused_with_words(app: Flask) -> None:
    add_user(app.extensions["settings"].users, "mia", INSTRUCTOR, PASSWORD)
    length = {"CONTENT_LENGTH": str(LARGEST_FORM + 1), "CONTENT_TYPE": "application/x-www-form-urlencoded"}
    answer = app.test_client().post("/sign-in", environ_overrides=length)
    assert (answer.status_code, "Send fewer or smaller files" in answer.text) == (413, True)


class Unread(io.RawIOBase):
    """A body that nobody may begin to read."""

    def readinto(self, _: object) -> int:
        raise AssertionError("the body was read")


@pytest.mark.parametrize(
    ("role", "path"), [("instructor", "/students/enrol"), ("privacy", "/upload/judge"), (None, "/students/enrol")]
)
def test_only_who_may_enrol_may_send_as_much_as_photographs_are(
    app: Flask, signed_in: Callable[..., Visitor], role: Role | None, path: str
) -> None:
    somebody = signed_in("privacy").app.test_client() if role is None else signed_in(role).client
    large = {"CONTENT_LENGTH": str(LARGEST_BODY + 1), "CONTENT_TYPE": FORM, "wsgi.input": Unread()}
    answer = somebody.post(path, environ_overrides=large)
    assert (answer.status_code, answer.location) == ((302, "/sign-in") if role is None else (413, None))


def test_photographs_may_be_larger_than_other_forms(signed_in: Callable[..., Visitor]) -> None:
    privacy = signed_in("privacy")
    form = {"photographs": (io.BytesIO(b"x" * (LARGEST_BODY + 1)), "one.jpg")}
    answer = privacy.send("/students/enrol", form, found_at="/students/enrol")
    assert answer.status_code == 422


def test_what_is_unforeseen_is_told_without_its_text(
    app: Flask, visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> str:
        raise ValueError("Ada Lovelace")

    app.add_url_rule("/broken", "broken", broken)
    answer = visitor.get("/broken")
    assert answer.status_code == 500
    assert "Ada" not in answer.text + caplog.text
    assert "ValueError" in caplog.text


def test_what_the_cloud_refuses_is_logged_by_its_code_alone(
    app: Flask, visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    def refused() -> str:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "Ada Lovelace"}}, "GetObject")

    app.add_url_rule("/refused", "refused", refused)
    answer = visitor.get("/refused")
    assert (answer.status_code, "AWS says AccessDenied" in answer.text) == (502, True)
    assert "aws: AccessDenied" in caplog.messages
    assert "Ada" not in answer.text + caplog.text


def test_it_listens_to_others_only_where_somebody_can_sign_in(tmp_path: Path) -> None:
    told = {"CONSOLE_HOST": "0.0.0.0", "CONSOLE_FOLDER": str(tmp_path), "CONSOLE_NAMES": "console.school.example"}
    with pytest.raises(SetupError, match="add-user"):
        read_settings(told)
    add_user(tmp_path / "users.json", "mia", INSTRUCTOR, PASSWORD)
    assert read_settings(told).host == "0.0.0.0"
    with pytest.raises(SetupError, match="CONSOLE_NAMES"):
        read_settings({**told, "CONSOLE_NAMES": ""})


def test_behind_a_proxy_somebody_must_be_able_to_sign_in(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="add-user"):
        Settings(folder=tmp_path, names=("console.school.example",))


def test_without_users_whoever_asks_from_another_machine_gets_nothing(app: Flask) -> None:
    for address, code in (("127.0.0.1", 404), ("192.0.2.7", 503)):
        answer = app.test_client().get("/nowhere", environ_overrides={"REMOTE_ADDR": address})
        assert answer.status_code == code


@pytest.mark.parametrize("host", ["::1", "127.0.0.1:80"])
def test_a_host_with_a_colon_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(SetupError, match="IPv4"):
        read_settings({"CONSOLE_HOST": host})


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "８０８０x"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(SetupError, match="CONSOLE_PORT"):
        read_settings({"CONSOLE_PORT": port})


def test_a_proxys_header_counts_only_where_it_was_switched_on(app: Flask, tmp_path: Path) -> None:
    settings: Settings = app.extensions["settings"]
    add_user(settings.users, "mia", INSTRUCTOR, PASSWORD)
    forged = {"X-Remote-User": "mia"}
    assert app.test_client().get("/nowhere", headers=forged).location == "/sign-in"
    behind = create_app(replace(settings, user_header="X-Remote-User"))
    assert behind.test_client().get("/nowhere", headers=forged).status_code == 404
    assert behind.test_client().get("/nowhere", headers={"X-Remote-User": "eve"}).status_code == 403
    assert behind.test_client().get("/nowhere").status_code == 403


def test_a_proxys_header_needs_loopback_and_users(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="users with roles"):
        Settings(folder=tmp_path, user_header="X-Remote-User")
    add_user(tmp_path / "users.json", "mia", INSTRUCTOR, PASSWORD)
    with pytest.raises(SetupError, match="loopback"):
        Settings(folder=tmp_path, user_header="X-Remote-User", host="0.0.0.0", names=("a.example",))


def test_a_password_is_kept_as_a_hash_in_a_private_file(tmp_path: Path) -> None:
    file = tmp_path / "made" / "users.json"
    add_user(file, "mia", INSTRUCTOR, PASSWORD)
    assert PASSWORD not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert signed_in(read_users(file), "mia", PASSWORD) == read_users(file)["mia"]


@pytest.mark.parametrize("text", ["", "[]", '{"mia": {}}', '{"mia": {"roles": ["king"], "password": "x"}}', "{"])
def test_a_damaged_users_file_is_an_error_not_an_open_door(app: Flask, text: str) -> None:
    file = app.extensions["settings"].users
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    assert app.test_client().get("/").status_code == 503


@pytest.mark.parametrize("name", ["", " mia", "mia\n", "a" * 65, "<script>", "ｍia"])
def test_a_name_that_could_be_mistaken_is_refused(name: str) -> None:
    with pytest.raises(SetupError):
        User(name, INSTRUCTOR)


def test_users_added_at_once_are_all_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, names = tmp_path / "made" / "users.json", [f"user{n}" for n in range(6)]
    monkeypatch.setattr(users, "generate_password_hash", str.upper)  # so that they truly come at once
    threads = [threading.Thread(target=add_user, args=(file, name, INSTRUCTOR, PASSWORD)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(read_users(file)) == names


def test_a_key_that_was_cut_off_signs_nothing(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"short")
    with pytest.raises(SetupError, match="delete it"):
        create_app(Settings(folder=tmp_path))


def test_a_short_password_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="12 to 200"):
        add_user(tmp_path / "users.json", "mia", INSTRUCTOR, "short")


def test_who_changed_what_is_recorded_without_personal_data(tmp_path: Path) -> None:
    record = Changes(tmp_path / "changes.jsonl")
    record.add("corrected a face", "mia", clip="0123456789ab")
    record.add("erased a student", "ole", student="s1077")
    assert [(each["by"], each["what"]) for each in record.last(5)] == [
        ("ole", "erased a student"),
        ("mia", "corrected a face"),
    ]
    assert "s1077" not in record.file.read_text()
    assert stat.S_IMODE(record.file.stat().st_mode) == 0o600
    record.file.write_text("nonsense\n" + json.dumps({"at": "now"}) + "\n[]\n")
    assert record.last(5) == [{"at": "now"}]


def test_half_a_line_on_a_full_disk_is_no_record_and_spoils_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, write = Changes(tmp_path / "changes.jsonl"), os.write
    record.add("erased a student", "ole")
    monkeypatch.setattr(os, "write", lambda handle, line: write(handle, line[:7]))
    with pytest.raises(OSError, match="No space"):
        record.add("corrected a face", "mia")
    monkeypatch.undo()
    record.add("published the gallery", "ole")
    assert [each["what"] for each in record.last(5)] == ["published the gallery", "erased a student"]
    assert record.file.read_bytes().count(b"\n") == 2


def test_of_a_long_record_the_end_is_read(tmp_path: Path) -> None:
    record = Changes(tmp_path / "changes.jsonl")
    record.file.write_bytes(b"x" * 10 * LONGEST + b"\n")
    for n in range(4):
        record.add("corrected a face", "m" * 64, clip="0" * 64, student="s", count=n)
    assert [each["count"] for each in record.last(3)] == ["3", "2", "1"]
