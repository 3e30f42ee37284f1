"""The pages there are, in the order of the navigation, and who may see them."""

from __future__ import annotations

from flask import Blueprint

from console.pages import roll_call, students
from console.users import Role

EVERYBODY: frozenset[Role] = frozenset({"instructor", "operator", "privacy"})
TEACHING: frozenset[Role] = frozenset({"instructor", "privacy"})

ENTRIES: dict[str, tuple[str, frozenset[Role]]] = {
    "roll_call.sections": ("Roll call", TEACHING),
    "students.everybody": ("Students", TEACHING),
}
PAGES: tuple[Blueprint, ...] = (roll_call.pages, students.pages)
