"""scripts/install_poller.sh in a root of its own: the wheel, a real cron, a real tick, a result; then away again."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import localcloud
from localcloud.credentials import write_environment
from tests.pipeline.conftest import Pipeline
from tests.stage import ROOT
from tests.vm.throwaway_root import ThrowawayRoot, obstacle
from tests.wheel import build_wheel

pytestmark = [
    pytest.mark.vm,
    pytest.mark.pipeline,
    pytest.mark.skipif(bool(obstacle()), reason=f"no throw-away root: {obstacle()}"),
]
HOME = "/var/lib/smart-classroom"
INSTALL = ("sh", "/installer/install_poller.sh")
PLACES = ("/opt/smart-classroom", "/etc", HOME, "/var/log/smart-classroom.log", "/installer")
CRON_S = 200.0  # a minute until cron's next, the tick itself, and a slow machine


@dataclass
class Vm(Pipeline):
    """The stage as seen from the VM: its results are the root's."""

    root: ThrowawayRoot | None = None

    @property
    def results(self) -> Path:
        assert self.root
        return self.root.file(f"{HOME}/results")


@dataclass(frozen=True)
class Installed:
    """A root after the first installation, and what that said."""

    root: ThrowawayRoot
    stage: Vm
    said: str


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Iterator[Installed]:
    folder = tmp_path_factory.mktemp("vm")
    root = ThrowawayRoot(folder / "root")
    with localcloud.running(folder / "cloud", concurrency=1) as cloud:
        stage = Vm(cloud, folder, root=root)
        stage.recognition("enrol", samples / "photographs", "--consent-by", "the tests")
        stage.recognition("publish")
        wheel = build_wheel(tmp_path_factory.mktemp("wheel"))
        root.wait()
        installer = root.file("/installer")
        installer.mkdir()
        for file in (wheel, ROOT / "scripts" / "install_poller.sh"):
            shutil.copy(file, installer)
        told = {name: value for name, value in cloud.poller.items() if name != "RESULTS_DIR"}
        write_environment(installer / "stage.env", told)
        hasty = ("--set", "POLLER_RECEIVE_S=3", "--set", "POLLER_WAIT_S=1")
        yield Installed(root, stage, root.run(*INSTALL, "--settings", "/installer/stage.env", *hasty))
        shutil.rmtree(root.path)


@pytest.fixture(scope="module")
def delivered(installed: Installed, samples: Path) -> Installed:
    """After cron has had its turn."""
    clips = installed.stage.folder / "clips"
    clips.mkdir()
    shutil.copy(samples / "clips" / "hopper.mp4", clips / "room 1.mp4")
    installed.stage.upload(clips)
    cron = installed.root.start("cron", "-f")
    try:
        deadline = time.monotonic() + CRON_S
        while not (installed.stage.files() and installed.root.file(f"{HOME}/results/.last-success").exists()):
            assert cron.poll() is None, cron.communicate()[0]
            assert time.monotonic() < deadline, installed.root.file("/var/log/smart-classroom.log").read_text()
            time.sleep(0.5)
    finally:
        cron.kill()  # unshare itself does not hear a mere SIGTERM; cron goes with it
        cron.communicate()
    return installed


@pytest.fixture(scope="module")
def removed(delivered: Installed) -> Installed:
    """After the poller has been uninstalled."""
    said = delivered.root.run(*INSTALL, "--uninstall")
    return Installed(delivered.root, delivered.stage, said)


def mode_and_owner(root: ThrowawayRoot, *places: str) -> list[str]:
    return root.run("stat", "-c", "%a %U", *places).splitlines()


def test_the_installation_brings_what_the_machine_lacks(installed: Installed) -> None:
    assert "installing with apt-get: logrotate chrony" in installed.said
    assert all(installed.root.file(f"/usr/sbin/{program}").exists() for program in ("logrotate", "chronyd"))
    assert "tcp_keepalive_time = 60" in installed.root.file("/etc/sysctl.d/90-smart-classroom.conf").read_text()


def test_what_holds_secrets_or_results_is_the_pollers_alone_and_its_program_is_not_its_own(
    installed: Installed,
) -> None:
    assert mode_and_owner(
        installed.root,
        "/etc/smart-classroom/poller.env",
        f"{HOME}/results",
        f"{HOME}/.aws",
        "/var/log/smart-classroom.log",
        "/opt/smart-classroom/bin",
        "/etc/cron.d/smart-classroom",
    ) == [
        "600 smart-classroom",
        "700 smart-classroom",
        "700 smart-classroom",
        "640 smart-classroom",
        "755 root",
        "644 root",
    ]


def test_the_stages_names_that_are_not_the_pollers_are_left_out_and_named(installed: Installed) -> None:
    settings = installed.root.file("/etc/smart-classroom/poller.env").read_text()
    assert "export REQUEST_QUEUE_URL=" in settings
    assert "INPUT_BUCKET" not in settings
    (line,) = (line for line in installed.said.splitlines() if "not the poller's, left out" in line)
    assert "INPUT_BUCKET" in line


def test_the_installation_ends_with_what_the_doctor_says_as_the_pollers_user(installed: Installed) -> None:
    report = installed.said[installed.said.index("python -m poller.doctor") :].splitlines()
    checks = {line[9:28].strip(): line.split()[0] for line in report if line[:9].strip() in ("ok", "warning", "error")}
    assert {"settings", "results directory", "credentials", "identity", "request queue", "function"} <= {
        check for check, state in checks.items() if state == "ok"
    }, installed.said


def test_a_second_run_changes_nothing(installed: Installed) -> None:
    before = installed.root.tree(PLACES)
    said = installed.root.run(*INSTALL)
    after = installed.root.tree(PLACES)
    results = f"{HOME}/results"  # the doctor writes a file there and takes it away
    assert {**after, results: ""} == {**before, results: ""}
    assert "all is as it should be, nothing was changed" in said


def test_cron_delivers_a_result(delivered: Installed) -> None:
    (result,) = delivered.stage.files()
    assert [student.name for student in result.students] == ["Grace Hopper"]
    assert "Grace Hopper" in delivered.stage.csv_of(result)
    assert '"event": "summary"' in delivered.root.file("/var/log/smart-classroom.log").read_text()


def test_logrotate_takes_the_log_and_leaves_the_poller_a_new_one(delivered: Installed) -> None:
    delivered.root.run("logrotate", "--force", "/etc/logrotate.d/smart-classroom")
    log = "/var/log/smart-classroom.log"
    assert delivered.root.file(log).read_text() == ""
    assert mode_and_owner(delivered.root, log) == ["640 smart-classroom"]
    assert '"event": "summary"' in delivered.root.file(f"{log}.1").read_text()


def test_removing_it_leaves_the_results_and_nothing_else(removed: Installed) -> None:
    found = removed.root.run("find", "/", "-xdev", "-path", "/installer", "-prune", "-o", "-iname", "*smart*class*")
    assert [path for path in found.split() if path != "/installer"] == [HOME]
    assert removed.root.file(HOME).stat().st_uid == 0
    assert [path.name for path in removed.root.file(HOME).iterdir()] == ["results"]
    assert "smart-classroom" not in removed.root.file("/etc/passwd").read_text()
    assert len(removed.stage.files()) == 1
    assert f"the results are kept in {HOME}/results" in removed.said


def test_nobody_else_inherits_the_results_of_a_removed_poller(removed: Installed) -> None:
    owners = removed.root.run("find", f"{HOME}/results", "-printf", "%U\n").split()
    assert set(owners) == {"0"}


def test_an_installation_after_that_has_its_results_again(removed: Installed) -> None:
    removed.root.run(*INSTALL, "--settings", "/installer/stage.env")
    owners = removed.root.run("find", f"{HOME}/results", "-printf", "%u\n").split()
    assert set(owners) == {"smart-classroom"}
    assert len(removed.stage.files()) == 1
