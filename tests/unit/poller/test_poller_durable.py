"""Files that are whole or absent, whatever goes wrong."""

from __future__ import annotations

import errno
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from poller import durable
from poller.durable import DurableDirectory

ROOT = Path(__file__).parents[3]


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[DurableDirectory]:
    with DurableDirectory(tmp_path / "results") as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "results"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_directory_is_made_for_its_owner_alone(directory: DurableDirectory, folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_file_is_for_its_owner_alone_whatever_the_umask(directory: DurableDirectory, folder: Path) -> None:
    before = os.umask(0)
    try:
        directory.write("a.csv", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / "a.csv").stat().st_mode) == 0o600


def test_what_was_written_is_read_back_and_nothing_else_lies_about(directory: DurableDirectory, folder: Path) -> None:
    directory.write("a.csv", b"one")
    directory.write("a.csv", b"two")
    assert directory.read("a.csv") == b"two"
    assert names(folder) == ["a.csv"]


def test_what_is_not_there_reads_as_none(directory: DurableDirectory) -> None:
    assert directory.read("a.csv") is None


def test_a_symlink_at_the_target_is_replaced_and_not_followed(
    directory: DurableDirectory, folder: Path, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"untouched")
    (folder / "a.csv").symlink_to(victim)
    assert directory.read("a.csv") is None
    directory.write("a.csv", b"ours")
    assert victim.read_bytes() == b"untouched"
    assert not (folder / "a.csv").is_symlink()
    assert (folder / "a.csv").read_bytes() == b"ours"


def test_a_planted_temporary_file_is_not_written_through(
    directory: DurableDirectory, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable.secrets, "token_hex", lambda n: "0" * 16)
    (folder / f".tmp-{'0' * 16}.part").symlink_to(tmp_path / "victim")
    with pytest.raises(FileExistsError):
        directory.write("a.csv", b"x")
    assert not (tmp_path / "victim").exists()


def test_a_renamed_directory_still_gets_its_files(directory: DurableDirectory, folder: Path, tmp_path: Path) -> None:
    folder.rename(tmp_path / "moved")
    folder.symlink_to(tmp_path)
    directory.write("a.csv", b"x")
    assert (tmp_path / "moved" / "a.csv").exists()
    assert not (tmp_path / "a.csv").exists()


def test_the_content_is_durable_before_the_name_and_the_name_before_the_return(
    directory: DurableDirectory, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    fsync, replace = os.fsync, os.replace

    def note_fsync(descriptor: int) -> None:
        is_directory = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        order.append("fsync directory" if is_directory else f"fsync {os.fstat(descriptor).st_size} bytes")
        fsync(descriptor)

    def note_replace(*args: object, **kwargs: object) -> None:
        order.append("replace")
        replace(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(durable.os, "fsync", note_fsync)
    monkeypatch.setattr(durable.os, "replace", note_replace)
    directory.write("a.csv", b"12345")
    assert order == ["fsync 5 bytes", "replace", "fsync directory"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_an_error_leaves_the_old_file_and_no_temporary_one(
    directory: DurableDirectory, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    directory.write("a.csv", b"old")

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(durable.os, step, fail)
    with pytest.raises(OSError, match="input/output"):
        directory.write("a.csv", b"new")
    assert names(folder) == ["a.csv"]
    assert (folder / "a.csv").read_bytes() == b"old"


@pytest.mark.fault(37)
def test_a_file_beyond_the_size_limit_is_an_error_and_no_file(directory: DurableDirectory, folder: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        with pytest.raises(OSError, match="too large"):
            directory.write("a.csv", b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert names(folder) == []


def test_a_file_where_the_directory_should_be_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("")
    with pytest.raises(OSError, match="results"):
        DurableDirectory(tmp_path / "results")


@pytest.mark.parametrize("obstacle", ["fifo", "directory"])
def test_what_is_no_file_reads_as_none(directory: DurableDirectory, folder: Path, obstacle: str) -> None:
    (os.mkfifo if obstacle == "fifo" else os.mkdir)(folder / "a.csv")
    assert directory.read("a.csv") is None


KILLED = """
import os, signal, sys
from pathlib import Path
from poller.durable import DurableDirectory
step, moment, nth = sys.argv[2], sys.argv[3], int(sys.argv[4])
real, calls = getattr(os, step), []
def deadly(*args, **kwargs):
    calls.append(1)
    if len(calls) == nth and moment == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    result = real(*args, **kwargs)
    if len(calls) == nth:
        os.kill(os.getpid(), signal.SIGKILL)
    return result
with DurableDirectory(Path(sys.argv[1])) as directory:
    setattr(os, step, deadly)
    directory.write("a.csv", b"complete" * 10_000)
"""


@pytest.mark.fault(36)
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(("step", "nth"), [("open", 1), ("fsync", 1), ("replace", 1), ("fsync", 2)])
def test_a_kill_at_any_step_leaves_the_file_absent_or_complete(
    tmp_path: Path, step: str, nth: int, moment: str
) -> None:
    died = subprocess.run([sys.executable, "-c", KILLED, tmp_path, step, moment, str(nth)], cwd=ROOT, check=False)
    assert died.returncode == -signal.SIGKILL
    target = tmp_path / "a.csv"
    assert not target.exists() or target.read_bytes() == b"complete" * 10_000
    others = [name for name in names(tmp_path) if name != "a.csv"]
    with DurableDirectory(tmp_path) as directory:
        assert directory.remove_stale(now=4e9) == len(others)


@pytest.mark.fault(43)
def test_a_directory_of_somebody_else_is_not_private(
    directory: DurableDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable.os, "geteuid", lambda: os.getuid() + 1)
    assert not directory.is_private()


def test_a_stale_file_that_vanishes_meanwhile_is_no_error(
    directory: DurableDirectory, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable.os, "listdir", lambda _: [".tmp-0123456789abcdef.part"])
    assert directory.remove_stale(now=4e9) == 0


def test_only_our_own_old_temporary_files_are_removed(directory: DurableDirectory, folder: Path) -> None:
    for name in (".tmp-0123456789abcdef.part", ".tmp-fedcba9876543210.part", ".tmp-x.part", "a.part", ".tick.lock"):
        (folder / name).write_bytes(b"")
        os.utime(folder / name, (1000, 1000))
    os.utime(folder / ".tmp-fedcba9876543210.part", (5000, 5000))
    (folder / ".tmp-0000000000000000.part").symlink_to(folder / "a.part")
    assert directory.remove_stale(now=5000 + 3600) == 1
    assert not (folder / ".tmp-0123456789abcdef.part").exists()
    assert len(names(folder)) == 5
