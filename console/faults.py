"""What a page says when something is wrong: in one line, what it is and what to do. No traceback leaves the console."""

from __future__ import annotations

import logging

from botocore.exceptions import BotoCoreError, ClientError
from flask import Flask, g, render_template
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, NotFound, SecurityError

from poller.errors import AwsError
from recognition.aws.calls import error_code
from recognition.errors import RecognitionError, SetupError, StageChanged

logger = logging.getLogger("console")

WORDS = {
    400: ("Not understood", "The request is not one this console makes. Go back and try again."),
    403: ("Not for you", "Your role does not allow this. Whoever looks after the console can change that."),
    404: ("Not here", "There is nothing at this address, or not any more."),
    405: ("Not understood", "This address does not take such requests. Go back and try again."),
    413: ("Too large", "More was sent than is taken at once. Send fewer or smaller files."),
    500: ("Our fault", "Something broke that should not have. What kind of fault it was is in the console's log."),
}


def install(app: Flask) -> None:
    """Answer faults with pages."""
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(SecurityError, _strange_host)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(RecognitionError, refused)
    for kind in (ClientError, BotoCoreError, AwsError):
        app.register_error_handler(kind, not_answered)
    app.register_error_handler(Exception, _unforeseen)


def _page(code: int, title: str, what: str) -> tuple[str, int]:
    g.setdefault("user", None)  # the fault may have come before anybody was asked who they are
    return render_template("fault.html", title=title, what=what), code


def _stale_form(_: Exception) -> tuple[str, int]:
    return _page(
        400, "The form is stale", "It was made before you signed in anew. Go back, reload the page, try again."
    )


def _strange_host(_: Exception) -> tuple[str, int, dict[str, str]]:
    """No page: its links would have to name a host that is not this console's."""
    what = "The console does not answer to this host name; CONSOLE_NAMES says to which it does.\n"
    return what, 400, {"Content-Type": "text/plain; charset=utf-8"}


def _http(error: Exception) -> tuple[str, int]:
    assert isinstance(error, HTTPException)
    code = error.code or 500
    title, what = WORDS.get(code, ("Not possible", error.name))
    ours = code == 404 and error.description != NotFound.description  # the page knows more of what is not there
    return _page(code, title, str(error.description) if ours else what)


def refused(error: Exception) -> tuple[str, int]:
    """Something of ours says what to change."""
    if isinstance(error, StageChanged):
        return _page(409, "Somebody was faster", str(error))
    return _page(503 if isinstance(error, SetupError) else 422, "Not possible", str(error))


def not_answered(error: Exception) -> tuple[str, int]:
    """A service's message may quote a name or an id: its code will do."""
    code = error_code(error) or type(error).__name__
    logger.warning("aws: %s", code)
    return _page(
        502,
        "The cloud did not answer",
        f"AWS says {code}. Try again; if it stays so: are region, credentials and names those of a deployed stage?",
    )


def _unforeseen(error: Exception) -> tuple[str, int]:
    """Its class and place, not its text, which may hold a name."""
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "?"
    logger.error("unforeseen: %s at %s", type(error).__name__, where)
    return _page(500, *WORDS[500])
