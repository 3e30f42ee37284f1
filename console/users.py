"""Who may sign in, as what: a file of names, roles and password hashes (Werkzeug's scrypt), readable by its owner only.

The surprising rule: a name that is unknown costs as much time as one that is known, so that nobody can ask for names.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from werkzeug.security import check_password_hash, generate_password_hash

from recognition.errors import SetupError
from recognition.files import held, write_private

Role: TypeAlias = Literal["instructor", "operator", "privacy"]
ROLES: tuple[Role, ...] = get_args(Role)
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


@dataclass(frozen=True, slots=True)
class User:
    """Somebody at the console. `password` is the hash, empty for who need not sign in."""

    name: str
    roles: frozenset[Role]
    password: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise SetupError(f"{self.name[:20]!r} is no user's name: up to 64 letters, digits and . _ @ -")
        if not self.roles or self.roles - set(ROLES):
            raise SetupError(f"user {self.name}: the roles are {', '.join(ROLES)}; at least one is needed")

    @property
    def stamp(self) -> str:
        """What a session remembers: another password or other roles end it."""
        return hashlib.sha256(f"{self.password} {sorted(self.roles)}".encode()).hexdigest()[:16]


def read_users(file: Path) -> Mapping[str, User]:
    """The users by name; none where there is no file. Raises `SetupError` for a file that cannot be read."""
    try:
        told = json.loads(file.read_bytes())
        return {name: User(name, frozenset(user["roles"]), str(user["password"])) for name, user in told.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise SetupError(f"{file} cannot be read ({type(error).__name__}); `python -m console add-user -h`") from error


def add_user(file: Path, name: str, roles: frozenset[Role], password: str) -> None:
    """Add the user, or replace the one of that name. Raises `SetupError`."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise SetupError(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    user = User(name, roles, generate_password_hash(password))
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with held(file.parent):
        _write(file, {**read_users(file), name: user})


def remove_user(file: Path, name: str) -> None:
    """Remove the user. Raises `SetupError` if there is none of that name."""
    if name not in (users := read_users(file)):
        raise SetupError(f"there is no user {name!r}; there are: {', '.join(sorted(users)) or 'none'}")
    with held(file.parent):
        _write(file, {each: user for each, user in read_users(file).items() if each != name})


def signed_in(users: Mapping[str, User], name: str, password: str) -> User | None:
    """The user whose name and password these are."""
    user = users.get(name)
    right = check_password_hash(user.password if user else _nobodys(), password[: LONGEST_PASSWORD + 1])
    return user if right else None


@cache
def _nobodys() -> str:
    return generate_password_hash("nobody's")


def _write(file: Path, users: Mapping[str, User]) -> None:
    rows = {user.name: {"roles": sorted(user.roles), "password": user.password} for user in users.values()}
    write_private(file, json.dumps(rows, indent=2).encode())
