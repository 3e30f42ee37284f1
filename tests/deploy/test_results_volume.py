"""The results' volume at the first boot: formatted only if empty, and never missed unseen.

With the real blkid and mkfs.ext4 on a file that plays the disk; mounting and `chattr` are played, for they need root.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy.test_openstack import WHEEL, boot_files
from tests.openstack_stage import openstack_vm

VOLUME = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"
SERIAL = VOLUME[:20]
SIZE = 16 << 20
TOOLS = {name: shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin") for name in ("blkid", "mkfs.ext4", "dd")}
NOTED = '#!/bin/sh\necho "$(basename "$0") $*" >>"{folder}/calls"\n{then}\n'

pytestmark = pytest.mark.skipif(not all(TOOLS.values()), reason="no blkid, mkfs.ext4 and dd: the VM is Linux")


@dataclass(frozen=True)
class Machine:
    """A VM as far as its first boot's script sees one, in a folder of its own."""

    folder: Path

    @property
    def disk(self) -> Path:
        return self.folder / "disk"

    @property
    def mount_point(self) -> Path:
        return self.folder / "srv"

    @property
    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()

    @property
    def fstab(self) -> str:
        return (self.folder / "fstab").read_text()

    @property
    def installed(self) -> bool:
        return (self.folder / "boot" / "called").exists()

    def plays(self, name: str, then: str) -> None:
        """Put a program on the machine that notes how it is called, and does `then`."""
        program = self.folder / "bin" / name
        program.write_text(NOTED.format(folder=self.folder, then=then))
        program.chmod(0o755)

    def boots(self) -> subprocess.CompletedProcess[str]:
        script = self.folder / "boot" / "first-boot.sh"
        path = f"{self.folder / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin"
        return subprocess.run(["sh", script], env={"PATH": path}, capture_output=True, text=True, check=False)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """With an empty volume that is attached."""
    (wheel := tmp_path / "installer" / WHEEL).parent.mkdir()
    wheel.write_bytes(b"a wheel")
    boot_files(openstack_vm(), tmp_path, wheel, VOLUME)
    script = tmp_path / "boot" / "first-boot.sh"
    text = script.read_text()
    for place, name in {"/dev/disk/by-id": "by-id", "/etc/fstab": "fstab", "/srv/smart-classroom": "srv"}.items():
        assert place in text
        text = text.replace(place, str(tmp_path / name))
    script.write_text(text)
    machine = Machine(tmp_path)
    for folder in ("bin", "by-id"):
        (tmp_path / folder).mkdir()
    for file in ("fstab", "calls"):
        (tmp_path / file).touch()
    machine.plays("mountpoint", f'[ -e "{tmp_path}/mounted" ]')
    machine.plays("mount", f'>"{tmp_path}/mounted"')
    machine.plays("chattr", "")
    machine.plays("mkfs.ext4", f'exec {TOOLS["mkfs.ext4"]} "$@"')
    (tmp_path / "by-id" / f"virtio-{SERIAL}").symlink_to(machine.disk)
    machine.disk.touch()
    with machine.disk.open("r+b") as disk:
        disk.truncate(SIZE)
    return machine


def uuid(disk: Path) -> str:
    command = [str(TOOLS["blkid"]), "-p", "-o", "value", "-s", "UUID", disk]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_an_empty_volume_is_formatted_and_mounted_wherever_it_comes_to_lie(machine: Machine) -> None:
    done = machine.boots()
    assert done.returncode == 0, done.stderr
    assert machine.installed
    assert f"mount {machine.mount_point}" in machine.calls
    options = "nosuid,nodev,noexec,nofail,x-systemd.device-timeout=60s"
    assert machine.fstab == f"UUID={uuid(machine.disk)} {machine.mount_point} ext4 {options} 0 2\n"


def test_nobody_can_write_below_the_mount_point_while_the_volume_is_not_there(machine: Machine) -> None:
    assert machine.boots().returncode == 0
    assert machine.mount_point.stat().st_mode & 0o7777 == 0
    immutable, mounted = (machine.calls.index(f"{call} {machine.mount_point}") for call in ("chattr +i", "mount"))
    assert immutable < mounted, "of the root disk's folder, not the volume's"


def test_where_a_folder_cannot_be_made_immutable_that_is_said_and_the_rest_is_done(machine: Machine) -> None:
    machine.plays("chattr", "exit 1")
    done = machine.boots()
    assert done.returncode == 0
    assert "cannot be made immutable" in done.stderr
    assert machine.installed


def test_a_volume_that_has_results_keeps_them(machine: Machine) -> None:
    subprocess.run([str(TOOLS["mkfs.ext4"]), "-q", machine.disk], check=True)
    before = machine.disk.read_bytes()
    done = machine.boots()
    assert done.returncode == 0, done.stderr
    assert machine.disk.read_bytes() == before
    assert f"UUID={uuid(machine.disk)} " in machine.fstab


def refuses(machine: Machine) -> str:
    """What is said of a volume to which nothing may be done."""
    done = machine.boots()
    assert done.returncode != 0
    assert not [call for call in machine.calls if call.startswith(("mkfs.ext4", "mount "))]
    assert not machine.installed
    assert machine.fstab == ""
    return done.stderr


PARTITION = bytes.fromhex("00010100830f3f0001000000ff070000")  # Linux, one megabyte
ELSE = {"encrypted": (0, b"LUKS\xba\xbe\x00\x01"), "partitioned": (446, PARTITION + bytes(48) + b"\x55\xaa")}


@pytest.mark.parametrize(("offset", "content"), ELSE.values(), ids=ELSE)
def test_a_volume_that_holds_something_else_is_left_alone(machine: Machine, offset: int, content: bytes) -> None:
    with machine.disk.open("r+b") as disk:
        disk.seek(offset)
        disk.write(content)
    before = machine.disk.read_bytes()
    assert "neither empty nor ext4" in refuses(machine)
    assert machine.disk.read_bytes() == before


@pytest.mark.parametrize(("code", "says"), [(2, "error: Input/output error"), (4, ""), (8, ""), (127, "not found")])
def test_a_volume_that_blkid_could_not_judge_is_left_alone(machine: Machine, code: int, says: str) -> None:
    machine.plays("blkid", f'echo "{says}" >&2; exit {code}')
    said = refuses(machine)
    assert f"blkid ({code})" in said
    assert says in said


def test_a_volume_that_cannot_be_read_is_left_alone_although_blkid_finds_nothing(machine: Machine) -> None:
    machine.plays("dd", "exit 1")
    assert f"the volume {VOLUME} cannot be read" in refuses(machine)


def test_a_partition_is_not_taken_for_the_volume(machine: Machine) -> None:
    disk = machine.folder / "by-id" / f"virtio-{SERIAL}"
    disk.rename(f"{disk}-part1")
    machine.plays("seq", "echo 1")  # the script waits that often, not for five minutes
    machine.plays("sleep", "")
    assert f"no disk with the serial {SERIAL}: is the volume {VOLUME} attached?" in refuses(machine)


def test_running_it_again_mounts_what_is_not_mounted_and_formats_nothing(machine: Machine) -> None:
    assert machine.boots().returncode == 0
    (machine.folder / "mounted").unlink()
    before = machine.disk.read_bytes(), machine.fstab
    (machine.folder / "calls").write_text("")
    assert machine.boots().returncode == 0
    assert machine.calls == [f"mountpoint -q {machine.mount_point}", f"mount {machine.mount_point}"]
    assert (machine.disk.read_bytes(), machine.fstab) == before


def test_without_its_volume_nothing_is_installed(machine: Machine) -> None:
    assert machine.boots().returncode == 0
    (machine.folder / "mounted").unlink()
    (machine.folder / "boot" / "called").unlink()
    machine.plays("mount", "exit 32")
    assert machine.boots().returncode != 0
    assert not machine.installed
