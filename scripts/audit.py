"""Looks up the pinned packages in PyPI's list of known vulnerabilities: pip-audit, read strictly.

python scripts/audit.py

Exit status 1 when a package has a vulnerability that `audit_ignored.txt` does not list. The surprising rule: pip-audit
calls it a success when it could ask nobody. Here that is said, and with PIP_AUDIT_REQUIRED=1 it fails.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILES = ("requirements.txt", "requirements-dev.txt")
IGNORED = ROOT / "scripts" / "audit_ignored.txt"
LONGEST_S = 120.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an audit found: `vulnerable` has a line for each finding, `unchecked` the packages nobody was asked of."""

    checked: int
    vulnerable: tuple[str, ...]
    unchecked: tuple[str, ...]


def read_report(report: str, ignored: Collection[str]) -> Verdict:
    """The verdict in pip-audit's JSON. No JSON, as when it could not connect, is a verdict on nothing."""
    try:
        found = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Verdict(0, (), ("everything",))
    vulnerable = [
        f"{package['name']} {package['version']}: {flaw['id']}, fixed in {', '.join(flaw['fix_versions']) or 'nothing'}"
        for package in found
        for flaw in package.get("vulns", ())
        if not {flaw["id"], *flaw.get("aliases", ())} & set(ignored)
    ]
    unchecked = [package["name"] for package in found if "skip_reason" in package]
    return Verdict(len(found) - len(unchecked), tuple(vulnerable), tuple(unchecked))


def ignored_ids(text: str) -> frozenset[str]:
    """The ids in `ID  date  reason` lines; a line without a reason is an error of ours and raises `ValueError`."""
    lines = (line.split(maxsplit=2) for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return frozenset(advisory for advisory, _date, _reason in lines)


def audit() -> str:
    """Run pip-audit over the pinned packages. Returns what it wrote, which is nothing when it broke off."""
    command = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off", "--no-deps"]
    files = [word for name in FILES for word in ("--requirement", str(ROOT / name))]
    try:
        ran = subprocess.run(
            [*command, "--disable-pip", *files], capture_output=True, text=True, timeout=LONGEST_S, check=False
        )
    except subprocess.TimeoutExpired:
        return ""
    return ran.stdout


def main() -> int:
    """Print the verdict; 0 sound, 1 not."""
    verdict = read_report(audit(), ignored_ids(IGNORED.read_text()))
    for line in verdict.vulnerable:
        print(f"pip-audit: {line}", file=sys.stderr)
    if verdict.unchecked:
        names = ", ".join(verdict.unchecked[:5]) + (" and more" if len(verdict.unchecked) > 5 else "")
        print(f"pip-audit: NOT CHECKED (no vulnerability service knows them here): {names}", file=sys.stderr)
    print(f"pip-audit: {verdict.checked} packages checked, {len(verdict.vulnerable)} vulnerabilities", file=sys.stderr)
    required = os.environ.get("PIP_AUDIT_REQUIRED") == "1"
    return int(bool(verdict.vulnerable) or (required and bool(verdict.unchecked)))


if __name__ == "__main__":
    sys.exit(main())
