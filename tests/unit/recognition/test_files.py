"""Files with personal data: whole or absent, whatever happens while they are written."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from recognition.errors import SetupError
from recognition.files import write_private


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file of this process may grow beyond a thousand bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("full_disk")
def test_a_file_that_cannot_be_written_whole_leaves_nothing_behind_and_the_old_one_as_it_was(tmp_path: Path) -> None:
    place = tmp_path / "gallery.npz"
    write_private(place, b"before")
    with pytest.raises(SetupError, match="cannot be written"):
        write_private(place, b"x" * 2000)
    assert [each.name for each in tmp_path.iterdir()] == ["gallery.npz"]
    assert place.read_bytes() == b"before"
    assert place.stat().st_mode & 0o777 == 0o600
