"""Every route there is, and who may use it. A route that is not declared here fails, whoever it lets in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from console.access import OPEN
from console.users import ROLES, Role
from console.whom import token_of
from tests.console.classroom import BOB, EVE, Classroom, perhaps, sure
from tests.console.visiting import Visitor

OPERATORS: frozenset[Role] = frozenset({"operator"})
PRIVACY: frozenset[Role] = frozenset({"privacy"})
INSTRUCTORS: frozenset[Role] = frozenset({"instructor"})
TEACHING = INSTRUCTORS | PRIVACY
EVERYBODY: frozenset[Role] = frozenset(ROLES)

ALLOWED: dict[str, frozenset[Role]] = {
    "GET /": EVERYBODY,
    "POST /sign-out": EVERYBODY,
    "GET /clips": TEACHING,
    "POST /clips": TEACHING,
    "GET /clips/list": TEACHING,
    "GET /clips/<job_id>": TEACHING,
    "POST /clips/<job_id>": INSTRUCTORS,
    "GET /clips/<job_id>/picture": TEACHING,
    "GET /clips/<job_id>/file<suffix>": TEACHING,
    "GET /roll-call": TEACHING,
    "GET /roll-call/section": TEACHING,
    "GET /roll-call/section.csv": TEACHING,
    "GET /roll-call/session": TEACHING,
    "GET /roll-call/session.csv": TEACHING,
    "GET /students": TEACHING,
    "POST /students/found": TEACHING,
    "GET /students/<token>": TEACHING,
    "GET /students/calibrate": TEACHING,
    "GET /students/calibrate/<any(scores, det):which>.png": TEACHING,
    "POST /students/<token>/withdraw": PRIVACY,
    "POST /students/<token>/consent": PRIVACY,
    "GET /students/enrol": PRIVACY,
    "POST /students/enrol": PRIVACY,
    "POST /students/publish": PRIVACY,
    "GET /students/<token>/photographs": PRIVACY,
    "POST /students/<token>/photographs": PRIVACY,
    "GET /students/enrolling/<name>": PRIVACY,
    "POST /students/enrolling/<name>": PRIVACY,
    "GET /students/enrolling/<name>/<int:number>.jpg": PRIVACY,
    "POST /students/enrolling/<name>/photographs": PRIVACY,
    "POST /students/enrolling/<name>/take-off": PRIVACY,
    "GET /students/erase": PRIVACY,
    "POST /students/erase": PRIVACY,
    "GET /students/<token>/erase": PRIVACY,
    "POST /students/<token>/erase": PRIVACY,
    "GET /students/<token>/erase/look": PRIVACY,
    "GET /students/<token>/receipt": PRIVACY,
    "GET /students/<token>/receipt.<any(json, txt):kind>": PRIVACY,
    "GET /upload": EVERYBODY,
    "POST /upload/judge": EVERYBODY,
    "POST /upload/begin": EVERYBODY,
    "POST /upload/part": EVERYBODY,
    "POST /upload/finish": EVERYBODY,
    "POST /upload/give-up": EVERYBODY,
    "POST /upload/state": EVERYBODY,
    "GET /operations": OPERATORS,
    "GET /operations/now": OPERATORS,
    "GET /operations/dead-letters": OPERATORS,
    "POST /operations/dead-letters": OPERATORS,
}
FOR_STRANGERS = {"GET /sign-in", "POST /sign-in", "GET /static/<path:filename>"}


def routes(app: Flask) -> dict[str, str]:
    """The endpoint of each method and rule."""
    return {
        f"{method} {rule.rule}": rule.endpoint
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def address(route: str) -> tuple[str, str]:
    """A method and a path of this route, of nobody and nothing that is there."""
    method, _, rule = route.partition(" ")
    for variable, value in (
        ("<any(scores, det):which>", "det"),
        ("<any(json, txt):kind>", "json"),
        ("<int:number>", "0"),
        ("<suffix>", ".csv"),
        ("<job_id>", "0" * 64),
        ("<token>", "0" * 24),
        ("<name>", "none"),
    ):
        rule = rule.replace(variable, value)
    assert "<" not in rule
    return method, rule


def test_every_route_is_declared_with_those_who_may_use_it(app: Flask) -> None:
    assert set(routes(app)) == set(ALLOWED) | FOR_STRANGERS


def test_what_strangers_may_reach_is_the_sign_in_and_the_style_sheet(app: Flask) -> None:
    there = routes(app)
    assert {there[route] for route in FOR_STRANGERS} == OPEN


def test_a_stranger_is_sent_to_the_sign_in_whatever_is_asked_for(app: Flask, signed_in: Callable[..., Visitor]) -> None:
    signed_in("operator")  # from now on everybody must sign in
    somebody = Visitor(app, app.test_client())
    token = somebody.token("/sign-in")
    for route in ALLOWED:
        method, path = address(route)
        answer = somebody.client.open(path, method=method, headers={"X-CSRFToken": token})
        assert (answer.status_code, answer.location) == (302, "/sign-in"), route


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_what_is_declared_for_it_and_nothing_else(role: Role, signed_in: Callable[..., Visitor]) -> None:
    somebody = signed_in(role)
    headers = {"X-CSRFToken": somebody.token("/upload")}
    last = "POST /sign-out"
    for route in sorted(ALLOWED, key=lambda route: route == last):
        method, path = address(route)
        answer = somebody.client.open(path, method=method, headers=headers)
        assert (answer.status_code == 403) == (role not in ALLOWED[route]), (route, answer.status)
        assert answer.status_code < 500, (route, answer.status)


def test_no_change_is_made_without_the_form_s_token(app: Flask, visitor: Visitor) -> None:
    visitor.page("/upload")
    posts = [route for route in routes(app) if route.startswith("POST")]
    assert len(posts) > 15
    for route in posts:
        for headers in ({}, {"X-CSRFToken": "made.up.token"}):
            answer = visitor.client.post(address(route)[1], headers=headers, json={})
            assert (answer.status_code, "The form is stale" in answer.text) == (400, True), route


def test_no_answer_to_a_request_for_data_may_stay_in_a_browser(app: Flask, visitor: Visitor) -> None:
    for route in ALLOWED:
        method, path = address(route)
        answer = visitor.client.open(path, method=method)
        assert answer.headers["Cache-Control"] == "no-store", route
        assert "ETag" not in answer.headers, route


FIELDS = (
    *("section", "session", "outcome", "student", "before", "sought", "says", "typed", "face", "page", "consent"),
    *("words", "name", "major", "year", "sections", "by", "until", "letter", "verb", "accept", "clips", "password"),
    *("files", "file", "place", "ticket", "number", "etags", "jobs"),
)
NASTY = "\"'><script>alert(1)</script>=cmd\r\nSet-Cookie: a=b\x00\u202e"


@pytest.mark.parametrize("value", [[NASTY], ["é" * 15_000], ["-1", "²", NASTY], ["is <b>eve</b>"], [""]])
def test_whatever_is_sent_wherever_is_answered_and_stays_text(
    value: list[str], visitor: Visitor, classroom: Classroom, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    job = classroom.clip(sure(1, EVE), perhaps(2, BOB), name="<script>alert(1)</script>.mp4")
    with visitor.app.app_context():
        token = token_of(EVE.student_id)
    headers = {"X-CSRFToken": visitor.token("/upload")}
    for route in ALLOWED:
        method, path = address(route)
        path = path.replace("0" * 64, job).replace("0" * 24, token)
        told = dict.fromkeys(FIELDS, value)
        if method == "GET":
            answers = [visitor.client.get(path, query_string=told)]
        else:
            answers = [visitor.client.post(path, headers=headers, **way) for way in ({"data": told}, {"json": told})]
        for answer in answers:
            assert answer.status_code < 500, (route, answer.status)
            assert b"<script>alert" not in answer.data or answer.mimetype != "text/html", route
            assert "a=b" not in str(answer.headers.getlist("Set-Cookie")), route
        if route == "POST /sign-out":
            headers = {"X-CSRFToken": visitor.token("/upload")}
    assert not any(each in caplog.text for each in (EVE.student_id, EVE.name, BOB.name))
