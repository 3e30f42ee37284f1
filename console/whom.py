"""Whom an address or a form means: by a token, by an id, by a name.

The surprising rule: ids are personal data, so that an address holds a token made of the id and the console's key. It
cannot be read back; whom it stands for is found among those in the student table, those enrolled, and those just
asked for or erased here.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from itertools import chain

from flask import abort, current_app

from console.enrolled import photographs_of_each
from console.kept import Kept, kept_here
from console.stage import the_stage
from recognition.roster import MAX_TEXT, Student

HOUR_S = 3600.0
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


def whom(token: str) -> str:
    """The student's id. Ends the request with 404 where nobody is known by this token."""
    remembered = _remembered().get(token)
    if remembered is not None:
        return remembered
    everybody = the_stage().everybody
    listed = (student.student_id for student in everybody.get())
    found = whose(token, chain(listed, photographs_of_each().of))
    if found is None:
        everybody.changed()  # somebody may have been listed a moment ago
        found = whose(token, (student.student_id for student in everybody.get()))
    return abort(404) if found is None else found


def remember(student_id: str) -> str:
    """Know the student for an hour whether there is anything of them or not. Returns the token."""
    token = token_of(student_id)
    _remembered().put(token, student_id)
    return token


def student_of_token(token: str) -> Student | None:
    """The student whose token it is; None if it is nobody's, or nobody's any longer."""
    there = {student.student_id: student for student in the_stage().everybody.get()}
    found = whose(token, there)
    return there[found] if found else None


def student_sought(text: str) -> tuple[Student | None, str]:
    """Whose id `text` is, or whose name (in whatever case, or a part of it that only one has); else None and why."""
    if len(text) > MAX_TEXT:
        return None, f"An id or a name has {MAX_TEXT} characters at most."
    everybody = the_stage().everybody.get()
    folded = text.casefold()
    kinds = (
        [student for student in everybody if student.student_id == text],
        [student for student in everybody if student.name.casefold() == folded],
        [student for student in everybody if folded in student.name.casefold()],
    )
    found = next(filter(None, kinds), [])
    if len(found) == 1:
        return found[0], ""
    if not found:
        return None, "No student has that id or name."
    return None, f"{len(found)} students are called so: give the id, which the page Students tells."


def _remembered() -> Kept[str]:
    return kept_here("whom", HOUR_S, 1000)
