"""scripts/install_poller.sh in a root of its own: the wheel, a real cron, a real tick, a result; then away again."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from string import Template

import pytest
import yaml

import localcloud
from localcloud.credentials import ROOT_KEY, write_environment
from poller.environment_file import SECRETS
from tests.openstack_stage import OUTPUTS, openstack_vm
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
CREDENTIALS_PAGE = ROOT / "docs" / "credentials.md"
NOT_FOR_THE_VM = (*SECRETS, "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
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
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThrowawayRoot]:
    made = ThrowawayRoot(tmp_path_factory.mktemp("root"))
    yield made
    made.remove()


@pytest.fixture(scope="module")
def installed(root: ThrowawayRoot, tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Iterator[Installed]:
    folder = tmp_path_factory.mktemp("vm")
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
        write_environment(installer / "stage.env", without(cloud.operator, NOT_FOR_THE_VM))
        settings = ("AWS_PROFILE=smart-classroom", "POLLER_RECEIVE_S=3", "POLLER_WAIT_S=1")
        options = [word for setting in settings for word in ("--set", setting)]
        said = root.run(*INSTALL, "--settings", "/installer/stage.env", *options)
        give_credentials(root, cloud)
        yield Installed(root, stage, said)


def without(environment: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name not in names}


def give_credentials(root: ThrowawayRoot, cloud: localcloud.Cloud) -> None:
    """As docs/credentials.md says, with a helper that knows the emulator's key instead of a certificate."""
    ends = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()
    key = {"AccessKeyId": ROOT_KEY, "SecretAccessKey": ROOT_KEY, "Expiration": ends}
    helper = root.file("/usr/local/bin/aws_signing_helper")
    helper.write_text(f"#!/bin/sh\necho '{json.dumps({'Version': 1, **key})}'\n")
    helper.chmod(0o755)
    (config,) = re.findall(r"cat >config <<END\n(.*?)END\n", CREDENTIALS_PAGE.read_text(), re.DOTALL)
    told = {**cloud.operator, "anchor": "a", "profile": "p", "machine": "m"}
    root.file("/installer/config").write_text(Template(config).substitute(told))
    command = "install -o smart-classroom -g smart-classroom -m 0600 config /var/lib/smart-classroom/.aws/config"
    assert command in CREDENTIALS_PAGE.read_text()
    root.run("sh", "-c", f"cd /installer && {command}")


@pytest.fixture(scope="module")
def delivered(installed: Installed, samples: Path) -> Installed:
    """After cron has had its turn: a tick's last word is in the log, and it has had success."""
    clips = installed.stage.folder / "clips"
    clips.mkdir()
    shutil.copy(samples / "clips" / "hopper.mp4", clips / "room 1.mp4")
    installed.stage.upload(clips)
    cron = installed.root.start("cron", "-f")
    try:
        deadline = time.monotonic() + CRON_S
        log, success = installed.root.file("/var/log/smart-classroom.log"), f"{HOME}/results/.last-success"
        while not (
            installed.stage.files()
            and installed.root.file(success).exists()
            and '"event": "summary"' in log.read_text()
        ):
            assert cron.poll() is None, cron.communicate()[0]
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.5)
    finally:
        cron.kill()  # unshare itself does not hear a mere SIGTERM; cron goes with it
        cron.communicate()
    return installed


@pytest.fixture(scope="module")
def removed(delivered: Installed) -> Installed:
    """After the poller has been uninstalled, while a process of its user ran."""
    running = "runuser -u smart-classroom -- sleep 1000 & sleep 1; kill -0 $!"
    said = delivered.root.run("sh", "-euc", f"{running}; {' '.join(INSTALL)} --uninstall")
    return Installed(delivered.root, delivered.stage, said)


@pytest.fixture(scope="module")
def again(removed: Installed) -> Installed:
    """After the poller has been installed once more."""
    return Installed(removed.root, removed.stage, removed.root.run(*INSTALL, "--settings", "/installer/stage.env"))


def mode_and_owner(root: ThrowawayRoot, *places: str) -> list[str]:
    return root.run("stat", "-c", "%a %U", *places).splitlines()


def test_the_installation_brings_what_the_machine_lacks(installed: Installed) -> None:
    assert "installing with apt-get: logrotate chrony" in installed.said
    assert all(installed.root.file(f"/usr/sbin/{program}").exists() for program in ("logrotate", "chronyd"))
    assert "tcp_keepalive_time = 60" in installed.root.file("/etc/sysctl.d/90-smart-classroom.conf").read_text()


def test_secrets_and_results_are_seen_by_the_poller_alone_which_may_change_neither_program_nor_settings(
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
        "640 root",
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


def test_it_ends_with_what_the_doctor_says_as_the_pollers_user_with_the_pages_credentials(installed: Installed) -> None:
    said = installed.root.run(*INSTALL)
    report = said[said.index("python -m poller.doctor") :].splitlines()
    fine = {line[9:28].strip() for line in report if line.startswith("ok ")}
    checks = {"settings", "results directory", "credentials", "identity", "request queue", "output queue", "function"}
    assert checks <= fine, said
    assert "the role smart-classroom-poller" in said


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


def test_an_installation_after_that_has_its_results_again(again: Installed) -> None:
    owners = again.root.run("find", f"{HOME}/results", "-printf", "%u\n").split()
    assert set(owners) == {"smart-classroom"}
    assert len(again.stage.files()) == 1


def test_a_systemd_timer_takes_the_place_of_cron_and_gives_it_back(again: Installed, tmp_path: Path) -> None:
    """With a systemctl that only notes what it is told: no systemd runs in a root."""
    root = again.root
    systemctl = root.file("/usr/local/bin/systemctl")
    systemctl.write_text('#!/bin/sh\necho "$@" >>/told\n')
    systemctl.chmod(0o755)
    root.run(*INSTALL, "--systemd")
    assert not root.file("/etc/cron.d/smart-classroom").exists()
    assert "nothing was changed" in root.run(*INSTALL)
    assert "--quiet enable smart-classroom-poller.timer" in root.file("/told").read_text()
    units = list(root.file("/etc/systemd/system").glob("smart-classroom-poller.*"))
    assert {unit.suffix for unit in units} == {".service", ".timer"}
    if shutil.which("systemd-analyze"):
        for unit in units:  # they name programs and a user of the root
            text = unit.read_text().replace("User=smart-classroom\n", "")
            (tmp_path / unit.name).write_text(text)
        check = ["systemd-analyze", "verify", "--man=no", *tmp_path.iterdir()]
        done = subprocess.run(check, capture_output=True, text=True, check=False)
        ours = [line for line in done.stderr.splitlines() if "smart-classroom" in line]
        assert (done.returncode, ours) == (0, [])
    root.run(*INSTALL, "--cron")
    assert root.file("/etc/cron.d/smart-classroom").exists()
    assert not list(root.file("/etc/systemd/system").glob("smart-classroom-poller.*"))
    systemctl.unlink()


def test_a_new_vms_first_boot_installs_with_the_same_script_onto_its_volume(again: Installed) -> None:
    """What cloud-init would do, on a disk that is a file and is not really mounted: a root has no loop devices."""
    root, volume = again.root, "0b1c2d3e-4f5a-6b7c-8d9e-0a1b2c3d4e5f"
    disk = root.file(f"/dev/disk/by-id/virtio-{volume[:20]}")
    disk.parent.mkdir(parents=True)
    disk.write_bytes(b"\0" * 16_000_000)
    mount = root.file("/usr/local/sbin/mount")
    mount.write_text('#!/bin/sh\necho "$@" >>/mounted\nchattr -i "$1"\n')  # over the mount point lies a writable volume
    mount.chmod(0o755)
    root.file("/etc/fstab").touch()
    boot = write_user_data(again, volume)
    said = root.run("sh", str(boot))
    assert root.file("/mounted").read_text() == "/srv/smart-classroom\n"
    assert b"smart-classroom" in disk.read_bytes()[:2048]  # the file system's label
    assert mode_and_owner(root, "/srv/smart-classroom/results") == ["700 smart-classroom"]
    assert "AWS_PROFILE=smart-classroom" in root.file("/etc/smart-classroom/poller.env").read_text()
    formatted = disk.read_bytes()
    root.run("sh", str(boot))
    assert disk.read_bytes() == formatted
    assert "systemd does not run here" in said


def write_user_data(installed: Installed, volume: str) -> Path:
    """Write the files that the user-data names into the root. Returns the one that is run, as seen inside."""
    program = openstack_vm()
    (wheel,) = installed.root.file("/installer").glob("*.whl")
    names = {**OUTPUTS, "FunctionName": "another"}
    told = yaml.safe_load(program.user_data(program.parameters(names, "file:///installer", wheel), volume))
    for file in told["write_files"]:
        path = installed.root.file(file["path"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file["content"])
    ((_, boot),) = told["runcmd"]
    return Path(boot)
