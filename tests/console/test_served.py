"""The console as `python -m console serve` serves it: waitress on a port, with a proxy in front or without."""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import waitress

from console.__main__ import cli
from console.door import MOST_TRIES
from console.protection import LARGEST_FORM
from console.users import add_user
from tests.console.conftest import PASSWORD

NAME = "console.school.example"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., int]]:
    """Serve as the command would, but on a free port, which is returned."""
    add_user(tmp_path / "users.json", "mia", frozenset({"instructor"}), PASSWORD)
    monkeypatch.setenv("CONSOLE_FOLDER", str(tmp_path))
    with ExitStack() as stack:

        def begin(names: str) -> int:
            told: list[tuple[Any, dict[str, Any]]] = []
            monkeypatch.setenv("CONSOLE_NAMES", names)
            monkeypatch.setattr(waitress, "serve", lambda app, **options: told.append((app, options)))
            cli(["serve"], standalone_mode=False)
            ((app, options),) = told
            return stack.enter_context(_served(app, {**options, "port": 0}))

        yield begin


@contextmanager
def _served(app: Any, options: dict[str, Any]) -> Iterator[int]:
    server = waitress.create_server(app, **options)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server.effective_port
    finally:
        server.trigger.pull_trigger(
            lambda: server.asyncore.close_all(server._map)
        )  # in its own thread, whose sockets they are
        thread.join()
        server.task_dispatcher.shutdown()


def _ask(port: int, method: str, body: str | None = None, **headers: str) -> tuple[int, str, str]:
    """Status, text and cookie of the sign-in page's answer."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, "/sign-in", body, {"Host": NAME, **named})
        answer = connection.getresponse()
        cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
        return answer.status, answer.read().decode(), cookie


def _sign_in(port: int, password: str, **headers: str) -> int:
    _, text, cookie = _ask(port, "GET", **headers)
    token = re.search(r'name="csrf_token" value="([^"]+)"', text)
    assert token
    form = urlencode({"name": "mia", "password": password, "csrf_token": token[1]})
    return _ask(port, "POST", form, Cookie=cookie, Content_Type=FORM, **headers)[0]


def test_behind_a_proxy_a_stranger_who_guesses_shuts_out_nobody_else(serving: Callable[..., int]) -> None:
    port = serving(NAME)
    stranger, mia = {"X_Forwarded_For": "203.0.113.9"}, {"X_Forwarded_For": "198.51.100.7"}
    assert [_sign_in(port, "wrong", **stranger) for _ in range(MOST_TRIES)] == [401] * MOST_TRIES
    assert _sign_in(port, PASSWORD, **stranger) == 429
    spoofed = {"X_Forwarded_For": "198.51.100.8, 203.0.113.9"}  # the proxy adds the last one
    assert _sign_in(port, PASSWORD, **spoofed) == 429
    assert _sign_in(port, PASSWORD, **mia) == 303


def test_without_a_proxy_nobody_says_where_a_request_comes_from(serving: Callable[..., int]) -> None:
    port = serving("")
    host = {"Host": "127.0.0.1"}
    for n in range(MOST_TRIES):
        assert _sign_in(port, "wrong", X_Forwarded_For=f"203.0.113.{n}", **host) == 401
    assert _sign_in(port, PASSWORD, X_Forwarded_For="198.51.100.7", **host) == 429


def test_more_than_the_photographs_may_be_is_refused_before_it_is_received(serving: Callable[..., int]) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", serving(""), timeout=30)) as connection:
        connection.putrequest("POST", "/sign-in")
        connection.putheader("Content-Length", str(LARGEST_FORM + 1))
        connection.endheaders()
        assert connection.getresponse().status == 413
