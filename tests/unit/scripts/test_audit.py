"""The audit of packages says what is vulnerable, and never calls sound what nobody looked at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import audit
import pytest

ROOT = Path(__file__).parents[3]
FLAW = {"id": "PYSEC-2099-1", "aliases": ["CVE-2099-1"], "fix_versions": ["2.0"], "description": "…"}


def report(*packages: dict[str, Any]) -> str:
    """As pip-audit 2.10 writes it with --format json."""
    return json.dumps({"dependencies": packages, "fixes": []})


def test_a_vulnerable_package_is_named_with_the_version_that_mends_it() -> None:
    found = audit.read_report(report({"name": "av", "version": "1.0", "vulns": [FLAW]}), ())
    assert found.vulnerable == ("av 1.0: PYSEC-2099-1, fixed in 2.0",)
    assert (found.checked, found.unchecked) == (1, ())


@pytest.mark.parametrize("known_as", ["PYSEC-2099-1", "CVE-2099-1"])
def test_an_advisory_that_was_judged_before_is_passed_over_by_any_of_its_names(known_as: str) -> None:
    found = audit.read_report(report({"name": "av", "version": "1.0", "vulns": [FLAW]}), {known_as})
    assert found.vulnerable == ()


def test_a_skipped_package_counts_as_not_checked() -> None:
    skipped = {"name": "av", "skip_reason": "Dependency not found on PyPI and could not be audited"}
    found = audit.read_report(report(skipped, {"name": "numpy", "version": "2", "vulns": []}), ())
    assert (found.checked, found.unchecked) == (1, ("av",))


@pytest.mark.parametrize("said", ["", "no JSON", "[]", "{}"])
def test_a_report_that_is_none_checked_nothing(said: str) -> None:
    assert audit.read_report(said, ()) == audit.Verdict(0, (), ("everything",))


def test_an_ignored_advisory_needs_a_date_and_a_reason() -> None:
    assert audit.ignored_ids("# why\n\nCVE-1  2026-11-24  we never parse XML\n") == {"CVE-1"}
    with pytest.raises(ValueError, match="unpack"):
        audit.ignored_ids("CVE-1\n")


def test_the_shipped_list_of_ignored_advisories_can_be_read() -> None:
    audit.ignored_ids(audit.IGNORED.read_text())


@pytest.mark.parametrize(("required", "code"), [("0", 0), ("1", 1)])
def test_the_real_program_without_a_network_says_that_nothing_was_checked(required: str, code: int) -> None:
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}
    told = {**os.environ, **nowhere, "https_proxy": "http://127.0.0.1:9", "no_proxy": ""}
    command = [sys.executable, ROOT / "scripts" / "audit.py"]
    ran = subprocess.run(
        command, env={**told, "PIP_AUDIT_REQUIRED": required}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == code, ran.stderr
    assert "NOT CHECKED" in ran.stderr
    assert "0 packages checked" in ran.stderr
