"""What guards every page: headers, host names, forms' tokens, sizes.

The surprising rule: the pages may load nothing but this console's own files, and only the upload page may speak to S3.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from flask import Flask, Response, g, request
from flask_wtf.csrf import CSRFProtect

from console.access import SESSION_S
from console.settings import Settings
from recognition.errors import SetupError
from recognition.files import held, write_private

LOOPBACK = ("127.0.0.1", "localhost")
LARGEST_BODY = 1 << 20
LARGEST_FORM = 256 << 20  # twelve photographs of 20 MB; clips go straight to S3
WITH_PHOTOGRAPHS = frozenset(f"students.enrol.{form}" for form in ("judge", "judge_more", "add_photographs"))
KEY_BYTES = 32
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'{connect}; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def protect(app: Flask, settings: Settings) -> None:
    """Guard `app`."""
    app.config.update(
        SECRET_KEY=_key(settings.folder / "key"),
        TRUSTED_HOSTS=[*LOOPBACK, *settings.names],
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=LARGEST_BODY,
        SESSION_COOKIE_NAME="console",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=bool(settings.names),  # on loopback there is no TLS, elsewhere there must be
        PERMANENT_SESSION_LIFETIME=SESSION_S,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
    )
    app.before_request(_room)
    CSRFProtect(app)  # reads the form: whoever may not send one must have been turned away before
    app.after_request(_headers)


def may_speak_to(origin: str) -> None:
    """Let the page of this request send requests to `origin`, too."""
    g.connect = origin


def _room() -> None:
    """Photographs need more room than other forms do; nobody gets it but who may enrol."""
    if request.endpoint in WITH_PHOTOGRAPHS and g.user and "privacy" in g.user.roles:
        request.max_content_length = LARGEST_FORM


def _headers(response: Response) -> Response:
    connect = f" {g.connect}" if g.get("connect") else ""
    response.headers["Content-Security-Policy"] = POLICY.format(connect=connect)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"  # Flask-WTF asks for it on HTTPS
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response


def _key(file: Path) -> bytes:
    """The key that sessions and tokens are signed with: made once, kept. Raises `SetupError` for one that is cut off,
    which could be guessed."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with held(file.parent):  # two consoles that start at once must have the same
        if not file.exists():
            write_private(file, secrets.token_bytes(KEY_BYTES))
        key = file.read_bytes()
    if len(key) < KEY_BYTES:
        raise SetupError(f"{file} is no key: delete it, and all must sign in anew")
    return key
