"""The pages there are, in the order of the navigation, and who may see them."""

from __future__ import annotations

from flask import Blueprint

from console.pages import clip, dead_letters, operations, roll_call, students, upload
from console.users import Role

EVERYBODY: frozenset[Role] = frozenset({"instructor", "operator", "privacy"})
OPERATING: frozenset[Role] = frozenset({"operator"})
TEACHING: frozenset[Role] = frozenset({"instructor", "privacy"})

ENTRIES: dict[str, tuple[str, frozenset[Role]]] = {
    "clips.clips": ("Clips", TEACHING),
    "roll_call.sections": ("Roll call", TEACHING),
    "students.everybody": ("Students", TEACHING),
    "operations.overview": ("Operations", OPERATING),
    "upload.choose": ("Upload", EVERYBODY),
}
PAGES: tuple[Blueprint, ...] = (
    clip.pages,
    roll_call.pages,
    students.pages,
    upload.pages,
    operations.pages,
    dead_letters.pages,
)
