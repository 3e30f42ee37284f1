"""The house rules that import-linter cannot see: it checks packages, and the handler is a single module."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_handler_knows_the_composition_root_and_nothing_else() -> None:
    tree = ast.parse((ROOT / "handler.py").read_text())
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    assert imported == {"__future__", "collections.abc", "typing", "recognition.bootstrap"}


def test_the_handler_decides_nothing() -> None:
    tree = ast.parse((ROOT / "handler.py").read_text())
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.If | ast.For | ast.While | ast.Try)]


def test_every_decision_stands_once() -> None:
    headings = [line for line in (ROOT / "DECISIONS.md").read_text().splitlines() if line.startswith("## ")]
    assert headings
    assert len(headings) == len(set(headings))
