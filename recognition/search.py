"""Among whom a clip's faces are searched: its section's roster first, then, if that is wanted, everyone else.

Pure. A smaller roster has fewer chances to name a stranger, and its threshold is lower. The surprising rule: a section
without a roster is searched among everyone, for that is all that is known; a roster without students names nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from recognition.gallery import Gallery
from recognition.identify import Finding
from recognition.vote import decide_beyond


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """`version` is the published gallery's; `first` is searched in the clip, `others` for whom stays unknown."""

    version: str
    first: Gallery
    others: Gallery | None = None

    def beyond(self, finding: Finding) -> Finding:
        """The finding with its unknown faces looked for among the others, where that is wanted."""
        if self.others is None:
            return finding
        return replace(finding, verdicts=tuple(decide_beyond(finding.verdicts, self.others)))


def search_in(gallery: Gallery, section: str, *, beyond: bool) -> Search:
    """How to search for a clip of `section` (empty: none). `beyond`: whether whoever else is enrolled may be named."""
    roster = gallery.sections.get(section)
    if roster is None:
        return Search(gallery.version, gallery)
    members = frozenset(roster)
    others = gallery.restricted_to([each for each in gallery.student_ids if each not in members]) if beyond else None
    return Search(gallery.version, gallery.restricted_to(members), others)
