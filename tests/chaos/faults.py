"""Which tests inject which fault: read from their `fault(number)` marks, and kept in docs/reliability.md.

`python -m tests.chaos.faults` writes the table anew; a test fails while the document says anything else.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "reliability.md"
ROW = re.compile(r"^\| (\d+) \| ([^|]+?) +\|([^|]*)\|$", re.MULTILINE)


def marked_tests(folder: Path = ROOT / "tests") -> Mapping[int, list[str]]:
    """The names of the tests that are marked with each fault's number, sorted."""
    found: dict[int, list[str]] = defaultdict(list)
    for path in folder.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                for number in _numbers(node):
                    found[number].append(node.name)
    return {number: sorted(names) for number, names in found.items()}


def _numbers(test: ast.FunctionDef) -> Iterator[int]:
    for mark in test.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fault":
            yield from (argument.value for argument in mark.args if isinstance(argument, ast.Constant))


def with_tests(document: str, tests: Mapping[int, list[str]]) -> str:
    """`document` with the last cell of each fault's row saying which tests there are; rows without any stay."""

    def row(match: re.Match[str]) -> str:
        names = tests.get(int(match[1]))
        return f"| {match[1]} | {match[2]} | {', '.join(f'`{name}`' for name in names)} |" if names else match[0]

    return ROW.sub(row, document)


if __name__ == "__main__":
    DOCUMENT.write_text(with_tests(DOCUMENT.read_text(), marked_tests()))
