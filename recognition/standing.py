"""How a section's students stand now: who is on its roster, who is enrolled, who may be named.

Knows no clips' results beyond whom they speak of. The surprising rule: the rows' sections are the roster; from the
published gallery's roster only those are added who have no row any longer, so that nobody disappears unnoticed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from recognition.finished import FinishedVersion
from recognition.gallery import Gallery
from recognition.roster import Student


class Register(Protocol):
    """Where students are looked up, and sections' rosters are."""

    def students(self, student_ids: Collection[str]) -> Mapping[str, Student]:
        """The rows there are among `student_ids`; whoever has none is left out."""
        ...

    def of_section(self, section: str) -> list[Student]:
        """Whoever is on the section's roster."""
        ...


class WholeRegister(Register, Protocol):
    """One that can be read at one go."""

    def everybody(self) -> Iterable[Student]:
        """All students who have a row."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand `now` in `section` (empty: for clips of none): who is on its `roster`, the `rows` there are of
    whoever is on it or was seen, who is `enrolled`: in that part of the published gallery which its clips are searched
    in."""

    section: str
    roster: frozenset[str]
    rows: Mapping[str, Student]
    enrolled: frozenset[str]
    now: datetime

    def may_be_named(self, student_id: str | None) -> bool:
        """Whether there is a row, with a consent that is valid now and covers the section."""
        row = self.rows.get(student_id or "")
        return row is not None and row.may_be_named(self.now, self.section)

    def name_of(self, student_id: str) -> str:
        """The student's name; the id where there is no row."""
        return self.rows[student_id].name if student_id in self.rows else student_id


def standing_of(
    section: str,
    versions: Iterable[FinishedVersion],
    register: Register,
    gallery: Gallery,
    now: datetime,
    also: Collection[str] = (),
) -> Standing:
    """The standing of everybody on the section's roster, of whoever `versions` speak of, and of those in `also`."""
    versions = list(versions)
    members = {student.student_id: student for student in register.of_section(section)} if section else {}
    others = (frozenset(gallery.sections.get(section, ())) | spoken_of(versions) | set(also)) - members.keys()
    rows = {**members, **(register.students(others) if others else {})}
    lost = frozenset(gallery.sections.get(section, ())) - rows.keys()
    return Standing(section, lost | members.keys(), rows, _searched(section, versions, gallery), now)


def _searched(section: str, versions: Iterable[FinishedVersion], gallery: Gallery) -> frozenset[str]:
    """Who can be found in the section's clips: its roster as it was published, and everyone where that is wanted."""
    beyond = any(each.decision and each.decision.threshold_beyond is not None for each in versions)
    return frozenset(gallery.student_ids if beyond else gallery.sections.get(section, gallery.student_ids))


def standings_of_seen(versions: Iterable[FinishedVersion], register: Register, now: datetime) -> Mapping[str, Standing]:
    """For each section of `versions`, the standing of whom they speak of: one look-up, and nobody's roster is read."""
    listed = list(versions)
    spoken = spoken_of(listed)
    rows = register.students(spoken) if spoken else {}
    sections = {version.session.section for version in listed}
    return {section: Standing(section, frozenset(), rows, frozenset(), now) for section in sections}


def spoken_of(versions: Iterable[FinishedVersion]) -> frozenset[str]:
    """Everybody whom a decision or a correction names, the runners-up included."""
    faces = [face for version in versions for face in version.judged.faces]
    decided = (student_id for face in faces for student_id in (face.decided.student_id, face.decided.runner_up))
    return frozenset(each for each in (*decided, *(face.student_id for face in faces)) if each)
