"""`python -m recognition` as its users call it: in an empty folder, with what it shows and how it ends."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from recognition.__main__ import main
from tests.unit.recognition.command_line import Ran, Run


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in an empty folder, on a terminal too wide to break a message."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["recognition", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            raise SystemExit(main())
        shown = capsys.readouterr()
        return Ran(int(left.value.code or 0), shown.out, shown.err)

    return run
