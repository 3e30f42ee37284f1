"""What the console is told by its environment, judged at the door: where it listens, who may come in, which files.

The surprising rule: it listens on loopback unless somebody can sign in.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from recognition.errors import SetupError

FOLDER = "console-data"
NAMES = (
    "CONSOLE_HOST",
    "CONSOLE_PORT",
    "CONSOLE_FOLDER",
    "CONSOLE_NAMES",
    "CONSOLE_USER_HEADER",
    "GALLERY_FILE",
    "STUDENTS_FILE",
    "RESULTS_DIR",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """`folder` holds the console's own: who may sign in, its key, who changed what. `names` are the host names that it
    answers to besides loopback's. `user_header`: a proxy on this machine has authenticated whom that header names.

    `gallery` and `students` are the operator's files that enrolment adds to; `results` is the poller's RESULTS_DIR,
    None where the console runs on another machine than the poller.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    folder: Path = Path(FOLDER)
    names: tuple[str, ...] = ()
    user_header: str = ""
    gallery: Path = Path("gallery.npz")
    students: Path = Path("students.json")
    results: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if ":" in self.host:
            raise SetupError(f"CONSOLE_HOST is {self.host!r}: an IPv4 address or a name, CONSOLE_PORT is the port")
        if not self.on_loopback and not self.users.exists():
            raise SetupError(
                f"CONSOLE_HOST is {self.host!r}, which others can reach: add who may sign in first, "
                "with `python -m console add-user`"
            )
        if not self.on_loopback and not self.names:
            raise SetupError("CONSOLE_NAMES is not set: the host name by which browsers reach the console")
        if self.names and not self.users.exists():
            raise SetupError(
                "CONSOLE_NAMES lets others reach the console through a proxy: add who may sign in first, "
                "with `python -m console add-user`"
            )
        if self.user_header and not self.on_loopback:
            raise SetupError(
                "CONSOLE_USER_HEADER lets whoever reaches the port be anybody: it needs CONSOLE_HOST on loopback, "
                "behind a proxy on this machine"
            )
        if self.user_header and not self.users.exists():
            raise SetupError("CONSOLE_USER_HEADER needs users with roles: add them with `python -m console add-user`")

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def behind_proxy(self) -> bool:
        """Whether a proxy on this machine brings the requests, so that what it says of their senders counts."""
        return self.on_loopback and bool(self.names)

    @property
    def users(self) -> Path:
        """Who may sign in; without the file, on loopback, nobody need."""
        return self.folder / "users.json"


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings in the environment. Raises `SetupError`."""
    told = {name: environment.get(name, "").strip() for name in NAMES}
    port = told["CONSOLE_PORT"] or "8080"
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise SetupError(f"CONSOLE_PORT is {port!r}, not a port from 1 to 65535")
    return Settings(
        host=told["CONSOLE_HOST"] or "127.0.0.1",
        port=int(port),
        folder=Path(told["CONSOLE_FOLDER"] or FOLDER),
        names=tuple(name for name in told["CONSOLE_NAMES"].replace(",", " ").split()),
        user_header=told["CONSOLE_USER_HEADER"],
        gallery=Path(told["GALLERY_FILE"] or "gallery.npz"),
        students=Path(told["STUDENTS_FILE"] or "students.json"),
        results=Path(told["RESULTS_DIR"]) if told["RESULTS_DIR"] else None,
        environment=dict(environment),
    )
