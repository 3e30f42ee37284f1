"""Files with personal data: whole or absent, and readable by their owner only."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recognition.errors import SetupError


def write_private(path: Path, data: bytes) -> None:
    """Replace `path` by `data`, mode 0600, through a temporary file beside it. Raises `SetupError` naming the path."""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = Path(file.name)  # made 0600
            try:
                file.write(data)
                file.flush()
                temporary.replace(path)
            except BaseException:  # a full disk or an interruption: half a file must not stay, nobody would know of it
                temporary.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise SetupError(f"{path} cannot be written: {error.strerror}") from error


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Wait until no other thread or process holds the folder, and keep it meanwhile. Raises `OSError`."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def require_place(path: Path) -> None:
    """Raise `SetupError` now rather than after the work if `path` cannot become a file."""
    if path.is_dir():
        raise SetupError(f"{path} is a folder: name a file")
    if not path.resolve().parent.is_dir():
        raise SetupError(f"{path} cannot be written: there is no folder {path.resolve().parent}")
