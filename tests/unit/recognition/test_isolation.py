"""A clip that crashes, hangs or eats its decoder costs itself only; the next one is decoded as if nothing had been."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from recognition.decode import open_clip, sandbox
from recognition.decoding.parent import SandboxLost
from recognition.decoding.sandbox import Sandbox
from recognition.errors import ClipRejected, SetupError
from tests.footage import plain, write_clip

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def misbehaving() -> Iterator[Sandbox]:
    """Children that do what the clip's text says."""
    made = Sandbox("tests.misbehaving_decoder")
    yield made
    made.close()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    return write_clip(path, [plain(64, 48, 5 * n) for n in range(30)]).read_bytes()


def look_at(misdeed: str, within: Sandbox) -> int:
    """The number of frames it gave."""
    with open_clip(io.BytesIO(misdeed.encode()), within) as opened:
        return len(list(opened.frames([0.0, 0.5])))


@pytest.mark.fault(33)
@pytest.mark.parametrize(
    ("misdeed", "reason"),
    [
        ("spin", "processor time"),
        ("segfault", "crash"),
        ("leave", "crash"),
        ("ask too much", "in circles"),
        ("babble", "nonsense"),
        ("nest", "nonsense"),
        ("forget the numbers", "nonsense"),
        ("stop in mid frame", "crash"),
        ("lie about the size", "nonsense"),
        ("never end", "nonsense"),
        ("last for ever", "nonsense"),
    ],
)
def test_a_clip_that_breaks_its_decoder_is_rejected_with_a_reason(
    misbehaving: Sandbox, misdeed: str, reason: str
) -> None:
    with pytest.raises(ClipRejected, match=reason):
        look_at(misdeed, misbehaving)
    with pytest.raises(ClipRejected, match="open"):  # the same sandbox, alive
        look_at("tell the descriptors", misbehaving)


@pytest.mark.fault(33)
def test_a_clip_that_makes_its_decoder_hang_is_rejected_when_its_time_is_up() -> None:
    impatient = Sandbox("tests.misbehaving_decoder", wall_s=1.0)
    for _ in range(2):
        with pytest.raises(ClipRejected, match="longer than is allowed"):
            look_at("hang", impatient)
    assert children_of(impatient) == []
    impatient.close()


def test_a_child_that_stops_reading_is_rejected_when_its_time_is_up() -> None:
    impatient = Sandbox("tests.misbehaving_decoder", wall_s=1.0)
    large = b"stop reading" + b" " * (8 << 20)
    with pytest.raises(ClipRejected, match="longer than is allowed"), open_clip(io.BytesIO(large), impatient):
        pass
    impatient.close()


@pytest.mark.fault(33)
@pytest.mark.skipif(sys.platform != "linux", reason="macOS does not bound a process's memory")
def test_memory_is_bounded(misbehaving: Sandbox) -> None:
    with pytest.raises(ClipRejected) as caught:
        look_at("grow", misbehaving)
    (held,) = re.findall(r"held (\d+) MiB", str(caught.value))
    assert 512 <= int(held) <= 1024


@pytest.mark.parametrize("misdeed", ["open a file", "open a socket"])
def test_a_child_can_open_neither_file_nor_socket(misbehaving: Sandbox, misdeed: str) -> None:
    with pytest.raises(ClipRejected, match=r"(file|socket): Too many open files"):
        look_at(misdeed, misbehaving)


def test_a_child_inherits_no_credentials_nor_anything_else(misbehaving: Sandbox) -> None:
    assert os.environ["AWS_SECRET_ACCESS_KEY"]
    with pytest.raises(ClipRejected) as caught:
        look_at("tell the environment", misbehaving)
    assert set(str(caught.value).split()) <= {
        "GLIBC_TUNABLES",
        "LC_CTYPE",
        "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH",
        "__CF_USER_TEXT_ENCODING",  # macOS
    }


def test_a_child_has_its_connection_and_no_other_way_out(misbehaving: Sandbox) -> None:
    with pytest.raises(ClipRejected, match="4 open"):  # standard input, output, error to nowhere, and the connection
        look_at("tell the descriptors", misbehaving)


def test_a_bug_of_ours_in_the_child_is_not_blamed_on_the_clip(misbehaving: Sandbox) -> None:
    with pytest.raises(RuntimeError, match="AttributeError: our own"):
        look_at("have a bug", misbehaving)


def test_what_the_file_raises_comes_out_as_it_is(clip: bytes) -> None:
    class Gone(Exception):
        pass

    class Vanishing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise Gone("deleted meanwhile")

    with pytest.raises(Gone, match="deleted meanwhile"), open_clip(Vanishing(clip)):
        pass


def test_the_time_the_function_takes_to_fetch_is_not_the_clips(clip: bytes) -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            time.sleep(1.2)
            return super().read(size)

    patient = Sandbox(wall_s=2.0)
    patient.prepare()
    with open_clip(Slow(clip), patient) as opened:
        assert next(opened.frames([0.0])).rgb.shape == (48, 64, 3)
    patient.close()


def descriptors() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def test_hundreds_of_clips_leave_no_descriptor_and_no_process(misbehaving: Sandbox) -> None:
    with pytest.raises(ClipRejected):
        look_at("leave", misbehaving)
    before = descriptors()
    for number in range(300):
        with pytest.raises(ClipRejected):
            look_at(("leave", "open a file")[number % 2], misbehaving)
    assert descriptors() == before
    assert children_of(misbehaving) == []


def children_of(within: Sandbox) -> list[str]:
    assert within.nursery_pid
    listed = subprocess.run(["ps", "-e", "-o", "ppid=,pid=,stat="], check=True, capture_output=True, text=True)
    return [line for line in listed.stdout.splitlines() if line.split()[0] == str(within.nursery_pid)]


def test_stopping_early_ends_the_child(clip: bytes) -> None:
    with open_clip(io.BytesIO(clip)) as opened:
        next(opened.frames([0.0, 1.0, 2.0]))
        assert len(children_of(sandbox())) == 1
    assert children_of(sandbox()) == []
    assert opened.cpu_s > 0


def test_what_decoding_costs_is_told_for_each_clip_and_for_all(clip: bytes) -> None:
    before, spent = sandbox().cpu_s, 0.0
    for _ in range(3):
        with open_clip(io.BytesIO(clip)) as opened:
            list(opened.frames([0.0, 1.0]))
        assert opened.cpu_s > 0
        spent += opened.cpu_s
    assert sandbox().cpu_s - before == pytest.approx(spent)


def test_an_error_of_the_caller_ends_the_child(clip: bytes) -> None:
    with pytest.raises(KeyError), open_clip(io.BytesIO(clip)):
        raise KeyError
    assert children_of(sandbox()) == []


def test_several_threads_decode_at_once(clip: bytes) -> None:
    def frames(_: int) -> list[int]:
        with open_clip(io.BytesIO(clip)) as opened:
            return [int(frame.rgb.mean()) for frame in opened.frames([0.0, 1.0, 2.0])]

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(frames, range(24)))
    assert seen == [seen[0]] * 24


def test_a_nursery_that_was_killed_is_replaced(clip: bytes) -> None:
    ours = Sandbox()
    for _ in range(2):
        with open_clip(io.BytesIO(clip), ours) as opened:
            assert len(list(opened.frames([0.0]))) == 1
        assert ours.nursery_pid
        os.kill(ours.nursery_pid, signal.SIGKILL)
    ours.close()


def test_a_nursery_killed_in_the_middle_of_a_clip_is_not_the_clips_fault(clip: bytes) -> None:
    ours = Sandbox()

    def decode_without_nursery() -> None:
        with open_clip(io.BytesIO(clip), ours) as opened:
            assert ours.nursery_pid
            os.kill(ours.nursery_pid, signal.SIGKILL)
            list(opened.frames([0.0]))

    with pytest.raises(SandboxLost):
        decode_without_nursery()
    ours.close()


def test_a_nursery_that_cannot_start_is_the_operators_to_mend() -> None:
    with pytest.raises(SetupError, match=r"requirements\.txt"):
        Sandbox("no.such.module").child()


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_program_gets_a_nursery_of_its_own(clip: bytes) -> None:
    with open_clip(io.BytesIO(clip)) as opened:
        assert next(opened.frames([0.0])).time_s == 0.0
    before = sandbox().nursery_pid
    pid = os.fork()
    if pid == 0:
        with open_clip(io.BytesIO(clip)) as opened:
            next(opened.frames([0.0]))
        other = sandbox().nursery_pid not in (None, before)
        sandbox().close()
        os._exit(0 if other else 1)
    assert os.waitpid(pid, 0)[1] == 0
    with open_clip(io.BytesIO(clip)) as opened:
        assert next(opened.frames([0.0])).time_s == 0.0
    assert sandbox().nursery_pid == before


@pytest.mark.parametrize("way", ["-c", "stdin", "script"])
def test_any_program_can_decode_and_leaves_nothing_behind(tmp_path: Path, clip: bytes, way: str) -> None:
    """No guard around the main program, no importable main module, and the program ends in the middle of a clip."""
    (tmp_path / "clip.mp4").write_bytes(clip)
    program = textwrap.dedent(
        f"""
        import sys
        sys.path.insert(0, {str(ROOT)!r})
        from recognition.decode import open_clip, sandbox
        with open({str(tmp_path / "clip.mp4")!r}, "rb") as file, open_clip(file) as clip:
            print(next(clip.frames([0.0])).rgb.shape, sandbox().nursery_pid, flush=True)
            import os, signal
            os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    (tmp_path / "program.py").write_text(program)
    arguments = {"-c": ["-c", program], "stdin": ["-"], "script": [str(tmp_path / "program.py")]}[way]
    # Without a limit on the pipe's life this would wait for ever if a process of ours stayed behind holding it.
    ran = subprocess.run(
        [sys.executable, *arguments], input=program, capture_output=True, text=True, timeout=60, cwd=tmp_path
    )
    assert ran.stderr == ""
    assert ran.stdout.startswith("(48, 64, 3)")
    assert ran.returncode == -signal.SIGKILL
