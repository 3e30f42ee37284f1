"""A throw-away root of this machine's own distribution, entered as a VM would be logged in to.

mmdebstrap makes it; a command sees it as /, with processes of its own and a kernel whose settings it cannot change. The
host's apt sources, pip configuration and certificates are copied in, so that whatever reaches packages here does there.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

PROGRAMS = ("mmdebstrap", "unshare", "chroot", "mount", "umount")
PACKAGES = "ca-certificates,cron,curl,e2fsprogs,python3,python3-venv"
APT_SOURCES = ("sources.list", "sources.list.d/debian.sources", "sources.list.d/ubuntu.sources")
PIP_CONFIGURATION = (Path("/etc/pip.conf"), Path.home() / ".config/pip/pip.conf")
AS_THEY_ARE = (Path("/etc/ssl/certs/ca-certificates.crt"), Path("/etc/resolv.conf"), Path("/etc/hosts"))
ROOTS_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ENTER = """
mount -t proc proc "$0/proc"
mount -o bind,ro "$0/proc/sys" "$0/proc/sys"
exec chroot "$0" "$@"
"""


def obstacle() -> str:
    """Why no root can be made here; empty if one can."""
    if not Path("/etc/apt").is_dir():
        return "no Debian or Ubuntu"
    if os.geteuid() != 0:
        return "a root is made and entered by root only"
    if absent := [program for program in PROGRAMS if not shutil.which(program)]:
        return f"{', '.join(absent)} not installed"
    if subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True, check=False).returncode:
        return "this machine lets nobody make namespaces"
    return ""


@dataclass
class ThrowawayRoot:
    """The root in `path`, an empty folder. It is being made from the start: `wait` before entering it, `remove` it."""

    path: Path
    making: subprocess.Popen[str] = field(init=False)

    def __post_init__(self) -> None:
        # In memory: quick to fill and to empty, and unlike a folder of the host's /tmp never without devices.
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2g,mode=755", "tmpfs", self.path], check=True)
        sources = [file for name in APT_SOURCES if (file := Path("/etc/apt", name)).is_file() and file.stat().st_size]
        command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}"]
        suite = platform.freedesktop_os_release()["VERSION_CODENAME"]
        self.making = subprocess.Popen(
            [*command, suite, self.path, *sources], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def wait(self) -> None:
        """Wait until it is made, and furnish it."""
        said, _ = self.making.communicate()
        assert self.making.returncode == 0, said
        for file in (*PIP_CONFIGURATION, *AS_THEY_ARE, *Path("/etc/apt/apt.conf.d").glob("*")):
            if file.is_file():
                self.file(file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, self.file(file))
        start_nothing = self.file("/usr/sbin/policy-rc.d")  # a package's installation shall start no service here
        start_nothing.write_text("#!/bin/sh\nexit 101\n")
        start_nothing.chmod(0o755)

    def remove(self) -> None:
        """Give its memory back."""
        self.making.kill()
        self.making.wait()
        subprocess.run(["umount", "--lazy", self.path], check=True)

    def file(self, inside: str | Path) -> Path:
        """Where the file `inside` the root lies outside."""
        return self.path / str(inside).lstrip("/")

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Start a command in the root; its processes end with it, however it ends."""
        kept = ("PIP_", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
        told = {name: value for name, value in os.environ.items() if name.startswith(kept)}
        return subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-euc", ENTER, self.path, *command],
            env={**told, "PATH": ROOTS_PATH, "LANG": "C.UTF-8", "HOME": "/root"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *command: str) -> str:
        """What the command said, which must succeed."""
        process = self.start(*command)
        said, _ = process.communicate()
        assert process.returncode == 0, f"{command}\n{said}"
        return said

    def tree(self, places: Sequence[str]) -> dict[str, str]:
        """Type, mode, owner, time and size of everything under `places`, by path."""
        listed = self.run("find", *places, "-printf", r"%p\t%y %m %U:%G %T@ %s\n")
        return dict(line.split("\t", 1) for line in listed.splitlines())
