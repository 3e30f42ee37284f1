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

    def with_threshold(self, threshold: float) -> Search:
        """The same search, had the section's roster this threshold."""
        moved = self.others and moved_along(self.others.threshold, self.first.threshold, threshold)
        others = replace(self.others, threshold=moved) if self.others and moved else None
        return replace(self, first=replace(self.first, threshold=threshold), others=others)


LEAST = 0.01  # a threshold is more than 0


def moved_along(others: float, section: float, to: float) -> float:
    """The threshold for `others` when the `section`'s moves `to`: as far. That of an empty roster, 1, tells nothing."""
    return to if section >= 1.0 else min(1.0, max(LEAST, others + to - section))


def search_in(gallery: Gallery, section: str, *, beyond: bool) -> Search:
    """How to search for a clip of `section` (empty: none). `beyond`: whether whoever else is enrolled may be named."""
    roster = gallery.sections.get(section)
    if roster is None:
        return Search(gallery.version, gallery)
    members = frozenset(roster)
    others = gallery.restricted_to([each for each in gallery.student_ids if each not in members]) if beyond else None
    return Search(gallery.version, gallery.restricted_to(members), others)
