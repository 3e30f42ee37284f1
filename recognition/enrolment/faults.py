"""What can be wrong with a photograph to enrol, in words for whoever chose it, and what to do about it. Pure.

The surprising rule: some faults leave nothing to enrol, or nobody knows whose; such photographs are left out whatever
the gate is. All others are doubts, which a person may overrule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from recognition.quality import Poor

Kind: TypeAlias = (
    Poor
    | Literal[
        "unreadable",
        "no face",
        "several faces",
        "in two folders",
        "duplicate",
        "unlike the others",
        "like another student",
    ]
)

ADVICE: Mapping[Kind, str] = {
    "unreadable": "store it again as JPEG, PNG, WebP, TIFF or HEIC, or remove the file",
    "no face": "take one in which the whole face is large, sharp and lit, upright and seen from the front",
    "several faces": "cut the picture so that only the student is left",
    "in two folders": "find out whom it shows and remove it from the other folder",
    "duplicate": "remove it; another picture, taken on another day, would help",
    "too small": "take a closer one, or give the original instead of a reduced copy",
    "blurred": "take a sharp one: hold still, wipe the lens, more light",
    "turned away": "take one that looks into the camera",
    "too dark": "take one with light on the face, the window not behind it",
    "too bright": "take one without flash or sun on the face",
    "unlike the others": "find out whom it shows; take a new one if it is the student",
    "like another student": "find out whose it is; where two people do look alike, enrol more photographs of both",
}

NEVER_ENROLLED: frozenset[Kind] = frozenset({"unreadable", "no face", "several faces", "in two folders", "duplicate"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a photograph: what kind of thing, and the sentence about this photograph."""

    kind: Kind
    says: str

    @property
    def advice(self) -> str:
        """What to do about it."""
        return ADVICE[self.kind]
