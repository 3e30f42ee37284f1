"""Students as people name them: by a token in an address, by an id or a name that was typed."""

from __future__ import annotations

from console.stage import the_stage
from console.tokens import whose
from recognition.roster import MAX_TEXT, Student


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
