"""Many searches in a gallery as columns: what each found, by how much, and whether it was right.

Pure: numbers in, numbers out. The surprising rule: a search whose lead is not clear is named at no threshold at all,
as the shipped rule has it, so that rates computed from these are the product's and not a bare similarity's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from recognition.vote import CLEAR_LEAD

Numbers: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """One search a row, all arrays (n,): the best match's similarity, its lead, whose photograph, whether it is right.

    `person` numbers the people shown: photographs of one person are not independent of one another.
    """

    similarity: Numbers
    lead: Numbers
    person: NDArray[np.int64]
    right: NDArray[np.bool_]

    @property
    def named_up_to(self) -> Numbers:
        """The highest threshold at which the shipped rule still names the best match; -inf: at none."""
        return np.where(self.lead >= CLEAR_LEAD, self.similarity, -np.inf)

    def joined(self, other: Searches) -> Searches:
        """Both, the people of `other` being different ones."""
        after = int(self.person.max(initial=-1)) + 1
        return Searches(
            np.concatenate([self.similarity, other.similarity]),
            np.concatenate([self.lead, other.lead]),
            np.concatenate([self.person, other.person + after]),
            np.concatenate([self.right, other.right]),
        )
