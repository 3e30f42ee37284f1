"""Whether a vulnerability is known of any installed package; `audit.sh` is its command line and explains it.

It runs pip-audit and reads its report; which versions are vulnerable only the service knows. The surprising rule:
silence is no proof. pip-audit calls it a success when a service has never heard of the packages, so one package with
a known vulnerability goes along in the question, and a service that does not name it has checked nothing.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from datetime import date
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, NamedTuple

IGNORED = Path(__file__).with_name("audit_ignored.txt")
VULNERABLE = "bottle==0.12.18"  # PYSEC-2021-129, fixed in 0.12.19; never installed here
_KNOWN = VULNERABLE.partition("==")[0]
SECONDS = 30
CLEAN, FOUND, WRONG, NOT_CHECKED = 0, 1, 2, 3
UNREACHABLE = "no vulnerability service reachable"
# What pip-audit dies of when its service is silent, refuses or answers something else: its traceback has such a line.
_SERVICE_ERRORS = ("requests.exceptions.", "urllib3.exceptions.", "pip_audit._service.", "ERROR:pip_audit._cli:Tip: ")


class Verdict(NamedTuple):
    """The exit code (CLEAN, FOUND or NOT_CHECKED) and the lines that say why."""

    code: int
    lines: list[str]


def installed() -> list[str]:
    """Every distribution of the running Python's environment, as `name==version`, sorted, each once."""
    return sorted({f"{each.metadata['Name'].lower()}=={each.version}" for each in distributions()})


def read_ignored(text: str, today: date) -> list[str]:
    """The ids that are passed over today, of lines `ID YYYY-MM-DD reason`. ValueError names every line that is none."""
    ids, wrong = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            identifier, until, _reason = line.split(maxsplit=2)
            if date.fromisoformat(until) >= today:
                ids.append(identifier)
        except ValueError:
            wrong.append(f"line {number}: {line!r} is not an id, a date (YYYY-MM-DD) and a reason")
    if wrong:
        raise ValueError("\n".join(wrong))
    return ids


def ask(packages: Iterable[str], ignored: Iterable[str]) -> subprocess.CompletedProcess[str]:
    """Runs pip-audit over exactly these packages, through no package index. TimeoutExpired after SECONDS.

    Not with --strict: that stops at the first package that was skipped, before the vulnerabilities of the others.
    """
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "packages.txt"
        asked.write_text("\n".join([VULNERABLE, *packages]), encoding="utf-8")
        options = ["--no-deps", "--disable-pip", "--progress-spinner=off", "--format=json", "--desc=off", "--output=-"]
        options += ["--vulnerability-service=osv", "--timeout=10", f"--cache-dir={folder}/cache"]
        options += [f"--ignore-vuln={each}" for each in ignored]
        command = [sys.executable, "-m", "pip_audit", *options, "--requirement", str(asked)]
        return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)


def judge(answer: subprocess.CompletedProcess[str], asked: Iterable[str]) -> Verdict:
    """What pip-audit's answer means. Its exit code says little: 1 is also a service that cannot be reached.

    `asked` are the requirements that it was asked of; one that the answer does not mention was not checked.
    """
    try:
        packages = [package for package in json.loads(answer.stdout)["dependencies"] if package["name"]]
        found = [_finding(package, each) for package in _others(packages) for each in package.get("vulns", [])]
    except (ValueError, KeyError, TypeError):
        why = [line for line in answer.stderr.splitlines() if line.startswith(_SERVICE_ERRORS)]
        if why:
            return Verdict(NOT_CHECKED, [UNREACHABLE, why[-1]])
        return Verdict(FOUND, ["broken: pip-audit gave no report", answer.stderr.strip()])
    if found:
        return Verdict(FOUND, found)
    if not any(package["name"] == _KNOWN and package.get("vulns") for package in packages):
        return Verdict(NOT_CHECKED, [UNREACHABLE, f"the one that answered knows no vulnerability of {VULNERABLE}"])
    others = _others(packages)
    skipped = [f"{package['name']}: {package['skip_reason']}" for package in others if "skip_reason" in package]
    told = {_canonical(package["name"]) for package in others}
    skipped += [f"{each}: not in the answer" for each in asked if _canonical(each.partition("==")[0]) not in told]
    if skipped:
        return Verdict(NOT_CHECKED, ["skipped packages", *skipped])
    return Verdict(CLEAN, [f"nothing known of {len(others)} packages"])


def _others(packages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The report without the package that is known to be vulnerable."""
    return [package for package in packages if package["name"] != _KNOWN]


def _canonical(name: str) -> str:
    """As package indexes compare names (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _finding(package: dict[str, Any], vulnerability: dict[str, Any]) -> str:
    names = ", ".join([vulnerability["id"], *sorted(vulnerability["aliases"])])
    fixed = " or ".join(vulnerability["fix_versions"]) or "no version yet"
    return f"{package['name']} {package['version']}: {names}; fixed in {fixed}"


def main(required: bool) -> int:
    """Ask, judge, say. Returns the exit code; `required` turns NOT_CHECKED into a failure."""
    try:
        ignored = read_ignored(IGNORED.read_text(encoding="utf-8"), date.today())
    except ValueError as error:
        print(f"{IGNORED.name}: {error}", file=sys.stderr)
        return WRONG
    try:
        asked = installed()
        code, lines = judge(ask(asked, ignored), asked)
    except subprocess.TimeoutExpired:
        code, lines = NOT_CHECKED, [UNREACHABLE, f"no whole answer within {SECONDS} s"]
    if code == NOT_CHECKED:
        lines = [f"not checked ({lines[0]})", *lines[1:]]
    for line in lines:
        print(f"pip-audit: {line}", file=sys.stderr)
    return FOUND if code == NOT_CHECKED and required else code


if __name__ == "__main__":
    sys.exit(main(required=os.environ.get("PIP_AUDIT_REQUIRED") == "1"))
