"""What became of a fuzz run's clips: `python -m tests.fuzz.tally REPORT` sums what the batches noted down."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from xml.etree import ElementTree

if __name__ == "__main__":
    outcomes: Counter[str] = Counter()
    for noted in ElementTree.parse(sys.argv[1]).iter("property"):
        outcomes.update(ast.literal_eval(noted.attrib["value"]))
    for outcome, count in outcomes.most_common():
        print(f"{count:6} {outcome}")
