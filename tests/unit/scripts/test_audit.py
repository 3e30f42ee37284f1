"""Clean, found and not checked are three answers. The real pip-audit asks a service on loopback that speaks OSV.

The service's answers follow OSV's schema (https://ossf.github.io/osv-schema/). Played are only a skipped package,
which OSV never reports, and the other programs where the end of check.sh is looked at.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import audit
import pytest

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"
TODAY = date(2026, 11, 24)
Answer = Callable[[dict[str, Any]], tuple[int, str]]


def record(identifier: str, name: str, *, fixed: str, alias: str) -> dict[str, Any]:
    """One vulnerability as OSV tells it."""
    return {
        "schema_version": "1.7.3",
        "id": identifier,
        "aliases": [alias],
        "summary": "a test's own",
        "affected": [
            {
                "package": {"name": name, "ecosystem": "PyPI"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
            }
        ],
    }


KNOWN = {"bottle": record("PYSEC-2021-129", "bottle", fixed="0.12.19", alias="CVE-2020-28473")}
WITH_PILLOW = {**KNOWN, "pillow": record("PYSEC-0000-1", "pillow", fixed="99.1", alias="CVE-0000-0001")}


def tells(known: dict[str, dict[str, Any]]) -> Answer:
    def answer(question: dict[str, Any]) -> tuple[int, str]:
        assert set(question) == {"package", "version"}
        name = question["package"]["name"]
        return 200, json.dumps({"vulns": [known[name]]} if name in known else {})

    return answer


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answer], None]]:
    """Starts OSV's stand-in, which gives the answer it is handed, and points pip-audit to it."""
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Answer) -> None:
        class Service(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                status, body = answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("PIP_AUDIT_OSV_URL", f"http://127.0.0.1:{server.server_port}/v1/query")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def verdict(*packages: str, ignored: tuple[str, ...] = ()) -> audit.Verdict:
    return audit.judge(audit.ask(packages, ignored), packages)


def run_audit(**settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPTS / "audit.sh"], capture_output=True, text=True, env={**os.environ, **settings}, timeout=120, check=False
    )


@pytest.fixture
def closed_port(monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        port = server.server_port
    monkeypatch.setenv("PIP_AUDIT_OSV_URL", f"http://127.0.0.1:{port}/")
    monkeypatch.delenv("PIP_AUDIT_REQUIRED", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_packages_of_which_the_service_knows_nothing_are_clean(service: Callable[[Answer], None]) -> None:
    service(tells(KNOWN))
    assert verdict("pillow==12.0.0", "click==8.5.1") == (audit.CLEAN, ["nothing known of 2 packages"])


def test_a_vulnerability_is_named_with_its_aliases_and_the_version_that_mends_it(
    service: Callable[[Answer], None],
) -> None:
    service(tells(WITH_PILLOW))
    line = "pillow 12.0.0: PYSEC-0000-1, CVE-0000-0001; fixed in 99.1"
    assert verdict("pillow==12.0.0", "click==8.5.1") == (audit.FOUND, [line])


@pytest.mark.parametrize("name", ["PYSEC-0000-1", "CVE-0000-0001"])
def test_an_ignored_vulnerability_is_passed_over_by_any_of_its_names(
    service: Callable[[Answer], None], name: str
) -> None:
    service(tells(WITH_PILLOW))
    assert verdict("pillow==12.0.0", ignored=(name,)).code == audit.CLEAN


def test_a_service_that_knows_no_vulnerability_at_all_has_checked_nothing(service: Callable[[Answer], None]) -> None:
    service(tells({}))
    assert verdict("pillow==12.0.0").code == audit.NOT_CHECKED


@pytest.mark.parametrize("reply", [(503, "busy"), (404, "{}"), (200, "<html>Please log in</html>")])
def test_a_service_that_answers_something_else_has_checked_nothing(
    service: Callable[[Answer], None], reply: tuple[int, str]
) -> None:
    service(lambda _: reply)
    code, lines = verdict("pillow==12.0.0")
    assert code == audit.NOT_CHECKED, lines
    assert lines[0] == "no vulnerability service reachable"


def test_a_service_that_does_not_answer_in_time_has_checked_nothing(
    service: Callable[[Answer], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering = threading.Event()

    def silent(_: dict[str, Any]) -> tuple[int, str]:
        answering.wait(20)
        return 200, "{}"

    service(silent)
    monkeypatch.setattr(audit, "SECONDS", 2)
    try:
        assert audit.main(required=False) == audit.NOT_CHECKED
    finally:
        answering.set()
    assert "pip-audit: not checked (no vulnerability service reachable)" in capsys.readouterr().err


@pytest.mark.usefixtures("closed_port")
def test_without_a_service_the_script_says_not_checked_and_only_a_required_audit_fails() -> None:
    said = run_audit()
    assert said.returncode == audit.NOT_CHECKED, said.stderr
    assert "pip-audit: not checked (no vulnerability service reachable)" in said.stderr.splitlines()
    required = run_audit(PIP_AUDIT_REQUIRED="1")
    assert required.returncode == audit.FOUND, required.stderr
    assert "pip-audit: not checked (no vulnerability service reachable)" in required.stderr.splitlines()


def test_the_script_asks_about_everything_installed_and_fails_on_a_finding(service: Callable[[Answer], None]) -> None:
    asked: list[str] = []

    def answer(question: dict[str, Any]) -> tuple[int, str]:
        asked.append(question["package"]["name"])
        return tells(WITH_PILLOW)(question)

    service(answer)
    said = run_audit()
    assert said.returncode == audit.FOUND, said.stderr
    assert "PYSEC-0000-1" in said.stderr
    assert {"pillow", "boto3", "botocore", "pip", "pip-audit"} <= set(asked)


def test_a_broken_audit_fails_and_is_no_unreachable_service(service: Callable[[Answer], None]) -> None:
    service(tells(KNOWN))
    code, lines = verdict("not a requirement")
    assert code == audit.FOUND
    assert lines[0].startswith("broken")


def test_a_skipped_package_is_not_checked_and_is_named() -> None:
    known = {"name": "bottle", "version": "0.12.18", "vulns": [{"id": "X", "aliases": [], "fix_versions": []}]}
    skipped = {"name": "dlib-bin", "skip_reason": "not found"}
    report = json.dumps({"dependencies": [known, skipped], "fixes": []})
    answer = subprocess.CompletedProcess([], 1, stdout=report, stderr="")
    assert audit.judge(answer, ["dlib-bin==1"]) == (audit.NOT_CHECKED, ["skipped packages", "dlib-bin: not found"])


def test_a_package_that_the_answer_does_not_mention_was_not_checked() -> None:
    known = {"name": "bottle", "version": "0.12.18", "vulns": [{"id": "X", "aliases": [], "fix_versions": []}]}
    other = {"name": "Ruamel.yaml", "version": "1", "vulns": []}
    answer = subprocess.CompletedProcess([], 1, stdout=json.dumps({"dependencies": [known, other]}), stderr="")
    assert audit.judge(answer, ["ruamel_yaml==1", "pillow==13"]) == (
        audit.NOT_CHECKED,
        ["skipped packages", "pillow==13: not in the answer"],
    )


@pytest.mark.parametrize(
    "report", ["{}", "[]", "null", '{"dependencies": [{}]}', '{"dependencies": [{"name": "x", "vulns": [{}]}]}']
)
def test_a_report_of_another_shape_is_a_broken_audit(report: str) -> None:
    code, lines = audit.judge(subprocess.CompletedProcess([], 0, stdout=report, stderr=""), [])
    assert (code, lines[0]) == (audit.FOUND, "broken: pip-audit gave no report")


def test_an_id_is_ignored_up_to_its_date_and_no_longer() -> None:
    text = "# a comment\n\nCVE-1 2026-11-24 not used here\nCVE-2 2026-11-23 not used here\n"
    assert audit.read_ignored(text, TODAY) == ["CVE-1"]


@pytest.mark.parametrize("line", ["CVE-1", "CVE-1 2026-12-01", "CVE-1 soon not used here", "CVE-1 not used here"])
def test_an_ignored_id_without_a_date_or_a_reason_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"line 1: .* is not an id, a date"):
        audit.read_ignored(line, TODAY)


def test_the_list_of_ignored_ids_can_be_read() -> None:
    audit.read_ignored(audit.IGNORED.read_text(encoding="utf-8"), TODAY)


@pytest.mark.parametrize(
    ("code", "failed", "last"),
    [
        (0, False, "check: all passed"),
        (1, True, "check: failed: pip-audit"),
        (2, True, "check: failed: pip-audit"),
        (3, False, "check: all passed; not checked: pip-audit"),
    ],
)
def test_the_checks_end_with_what_was_not_checked(tmp_path: Path, code: int, failed: bool, last: str) -> None:
    tools = ["ruff", "mypy", "lint-imports", "shellcheck", "hadolint", "bandit"]
    passes = ["scripts/setup.sh", *(f".venv/bin/{tool}" for tool in tools)]
    for path, text in {**dict.fromkeys(passes, "exit 0"), "scripts/audit.sh": f"exit {code}"}.items():
        program = tmp_path / path
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        program.chmod(0o755)
    check = tmp_path / "scripts" / "check.sh"
    check.write_bytes((SCRIPTS / "check.sh").read_bytes())
    said = subprocess.run(["sh", check], capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == int(failed), said.stderr
    assert said.stderr.splitlines()[-1] == last
