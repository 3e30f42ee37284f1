"""Whose a token is: among those in the student table, those enrolled, and those just asked for or erased here."""

from __future__ import annotations

from itertools import chain

from flask import abort, current_app

from console.enrolled import photographs_of_each
from console.kept import Kept
from console.stage import the_stage
from console.tokens import token_of, whose

HOUR_S = 3600.0


def install(extensions: dict[str, object]) -> None:
    """Give a console its memory of whom it was asked for."""
    extensions["whom"] = Kept[str](HOUR_S, 1000)


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


def _remembered() -> Kept[str]:
    found = current_app.extensions["whom"]
    assert isinstance(found, Kept)
    return found
