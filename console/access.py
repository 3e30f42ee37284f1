"""Who is asking, and what for: sign-in, sign-out, and the roles that each page needs.

The surprising rule: a session is a stamp of somebody's password and roles, and a number that this process has to
know, nothing that says what it may do. Whoever is removed, gets another password or signs out is out at the next
request, with every copy of the cookie; and everybody after a working day, or when the console starts anew.
"""

from __future__ import annotations

import getpass
import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Blueprint, abort, current_app, flash, g, redirect, render_template, request, session, url_for
from werkzeug import Response
from werkzeug.exceptions import SecurityError

from console.changes import changed
from console.door import Door, place_of
from console.kept import Kept, kept_here
from console.settings import Settings
from console.stage import the_settings
from console.users import ROLES, Role, User, read_users, signed_in
from recognition.errors import SetupError

P = ParamSpec("P")
T = TypeVar("T")

HERE = ("127.0.0.1", "::1")
SESSION_S = 10 * 3600.0  # a working day
MOST_SESSIONS = 10_000
OPEN = frozenset({"access.sign_in", "access.enter", "static"})

pages = Blueprint("access", __name__)


def user() -> User:
    """Who asks. Only after `identify`."""
    found = g.user
    assert isinstance(found, User)
    return found


def needs(*roles: Role) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """A page for those who have one of `roles`; others get 403."""

    def guarded(page: Callable[P, T]) -> Callable[P, T]:
        @wraps(page)
        def asked(*args: P.args, **kwargs: P.kwargs) -> T:
            if not user().roles & set(roles):
                abort(403)
            return page(*args, **kwargs)

        return asked

    return guarded


def identify() -> Response | None:
    """Before each request: find out who asks, or send them to the sign-in."""
    if isinstance(request.routing_exception, SecurityError):  # another's host name: no page, not even the sign-in
        raise request.routing_exception
    g.user = _user(the_settings())
    if g.user is None and request.endpoint not in OPEN:
        if the_settings().user_header:
            abort(403)
        if request.endpoint and request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate":
            session["wanted"] = request.full_path.rstrip("?") if request.method == "GET" else ""
        return redirect(url_for("access.sign_in"))
    return None


@pages.get("/sign-in")
def sign_in() -> str | Response:
    """The form; whoever need not sign in goes to the first page."""
    if g.user is not None:
        return redirect(url_for("start"))
    return render_template("sign_in.html")


@pages.post("/sign-in")
def enter() -> tuple[str, int] | Response:
    """Sign in. A wrong name and a wrong password are told in the same words."""
    door: Door = current_app.extensions["door"]
    place = place_of(request.remote_addr or "")
    if door.is_shut(place):
        flash("Too many failed tries. Wait five minutes.", "error")
        return render_template("sign_in.html"), 429
    found = signed_in(read_users(the_settings().users), request.form.get("name", ""), request.form.get("password", ""))
    if found is None:
        door.note(place)
        flash("Name or password is wrong.", "error")
        return render_template("sign_in.html"), 401
    wanted = str(session.get("wanted") or url_for("start"))  # only a page of this console is ever noted
    session.clear()  # whatever an earlier session held
    session["stamp"], session["number"] = found.stamp, _sessions().put_new(found.name)
    session.permanent = True
    changed("signed in", by=found.name)
    return redirect(wanted, 303)


@pages.post("/sign-out")
def leave() -> Response:
    """Sign out."""
    _sessions().drop(session.get("number", ""))
    session.clear()
    return redirect(url_for("access.sign_in"), 303)


def _user(settings: Settings) -> User | None:
    users = read_users(settings.users)
    if not users:
        return _whoever_is_here(settings)
    if settings.user_header:
        return users.get(request.headers.get(settings.user_header, ""))
    found = users.get(_sessions().get(session.get("number", "")) or "")
    return found if found and session.get("stamp") == found.stamp else None


def _sessions() -> Kept[str]:
    return kept_here("sessions", SESSION_S, MOST_SESSIONS)


def _whoever_is_here(settings: Settings) -> User:
    """Nobody need sign in on one's own machine. A users file that vanished must not open a door to others."""
    from_elsewhere = request.remote_addr not in HERE  # a development server may listen where the settings do not say
    for_others = not settings.on_loopback or settings.names or settings.user_header
    if from_elsewhere or for_others or settings.users.exists():
        raise SetupError("nobody may sign in: add who may with `python -m console add-user`")
    try:
        name = re.sub(r"[^A-Za-z0-9._@-]", "-", getpass.getuser()).strip("._@-")
    except (OSError, KeyError):  # a user without a name, as in a container
        name = ""
    return User(name[:64] or "local", frozenset(ROLES))


def offered(entries: Mapping[str, tuple[str, frozenset[Role]]]) -> list[tuple[str, str]]:
    """Those of `entries` (endpoint: title, roles) that who asks may see, as (endpoint, title)."""
    if g.get("user") is None:
        return []
    return [(endpoint, title) for endpoint, (title, roles) in entries.items() if user().roles & roles]
