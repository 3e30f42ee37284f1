"""A student in an address: a token made of the id and the console's key, for ids are personal data.

It cannot be read back; whom it stands for is found among the students there are.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from flask import current_app

LENGTH = 24


def token_of(student_id: str) -> str:
    """The student's token at this console: 24 hexadecimal digits."""
    key = current_app.config["SECRET_KEY"]
    return hmac.new(key, b"student " + student_id.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:LENGTH]


def whose(token: str, student_ids: Iterable[str]) -> str | None:
    """The one among `student_ids` whose token it is; None if it is nobody's."""
    if len(token) != LENGTH or not token.isascii():
        return None
    return next((each for each in student_ids if hmac.compare_digest(token_of(each), token)), None)
