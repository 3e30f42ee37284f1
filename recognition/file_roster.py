"""Students who are all known already: from a students file, or read from the table at one go."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from recognition.roster import Consent, Student


@dataclass(frozen=True, slots=True)
class FileRoster:
    """The students of a students file; without one, everybody in the gallery goes by the id, and no section has any."""

    listed: Sequence[Student] | None

    def students(self, student_ids: Collection[str]) -> Mapping[str, Student]:
        """The rows there are among `student_ids`; whoever has none is left out."""
        if self.listed is None:
            consent = Consent("no register off the cloud", "1970-01-01")
            return {each: Student(each, each, "", "", consent) for each in student_ids}
        return {student.student_id: student for student in self.listed if student.student_id in student_ids}

    def of_section(self, section: str) -> list[Student]:
        """Whoever is on the section's roster."""
        return [student for student in self.listed or () if section in student.sections]

    def everybody(self) -> Sequence[Student]:
        """All of them."""
        return self.listed or ()
