"""The pages there are, in the order of the navigation, and who may see them."""

from __future__ import annotations

from flask import Blueprint

from console.pages import clip, upload
from console.users import Role

EVERYBODY: frozenset[Role] = frozenset({"instructor", "operator", "privacy"})
TEACHING: frozenset[Role] = frozenset({"instructor", "privacy"})

ENTRIES: dict[str, tuple[str, frozenset[Role]]] = {
    "clips.clips": ("Clips", TEACHING),
    "upload.choose": ("Upload", EVERYBODY),
}
PAGES: tuple[Blueprint, ...] = (clip.pages, upload.pages)
