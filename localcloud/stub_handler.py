"""The function without recognition: the real handler's pipeline, with faces and gallery replaced at their seams.

For the fault suite, the soak and the benchmarks, where what is tested is everything around recognition. A "clip" is
a JSON object that says what the stub shall find and which faults it shall have; anything else is rejected as the real
function rejects what is no clip. The surprising rule: each try of a clip uses up one of its `faults`.

    {"students": ["s1"], "seconds": 2, "faults": ["raise", "exit", "kill", "hang", "exit after send"]}
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from recognition.bootstrap import make_pipeline, respond
from recognition.errors import ClipRejected
from recognition.faces import DIMENSIONS, Box, Frame, Sighting
from recognition.gallery import Gallery, make_gallery
from recognition.identify import Finding
from recognition.match import Match
from recognition.pipeline import Pipeline
from recognition.settings import Settings
from recognition.stopwatch import Stopwatch
from recognition.track import Track
from recognition.vote import Verdict

FRAME = (48, 64, 3)
FOREVER_S = 3600.0


@dataclass(frozen=True, slots=True)
class Instructions:
    """What a stub's clip asks for. `seconds`: how long the work takes."""

    students: tuple[str, ...] = ()
    seconds: float = 0.0
    faults: tuple[str, ...] = ()

    @classmethod
    def read(cls, clip: bytes) -> Instructions:
        """Raises `ClipRejected` for what is no stub's clip."""
        try:
            said = json.loads(clip)
            return cls(tuple(said.get("students", ())), float(said.get("seconds", 0)), tuple(said.get("faults", ())))
        except (ValueError, TypeError, AttributeError) as error:
            raise ClipRejected("no clip of the stub's") from error


@dataclass(frozen=True, slots=True)
class StubIdentifier:
    """In the place of `recognition.identify.Identifier`. `tries` is a folder that remembers how often a clip came."""

    tries: Path = field(default_factory=lambda: Path(tempfile.gettempdir()) / "stub-tries")

    def identify(self, file: BinaryIO, gallery: Gallery, watch: Stopwatch) -> Finding:
        """Do as the clip says."""
        clip = file.read()
        asked = Instructions.read(clip)
        self._fail(asked.faults, clip)
        with watch("decode"):
            time.sleep(asked.seconds)
        frame = Frame(0.0, np.full(FRAME, 96, np.uint8))
        return Finding((frame,), tuple(_verdict(student, n) for n, student in enumerate(asked.students)))

    def _fail(self, faults: tuple[str, ...], clip: bytes) -> None:
        _Mortal.dies_after = ""
        if not faults:
            return
        self.tries.mkdir(exist_ok=True)
        mine = self.tries / hashlib.sha256(clip).hexdigest()
        with mine.open("ab") as file:
            file.write(b".")
            nth = file.tell() - 1
        if nth < len(faults):
            _have(faults[nth])


def _have(fault: str) -> None:
    """`exit after STEP`: the process ends when that call of a port (put, keep, send, finish) has been made."""
    _Mortal.dies_after = fault.removeprefix("exit after ")
    if fault == "raise":
        raise MemoryError("the stub was told to")
    if fault == "exit":
        os._exit(7)
    if fault == "kill":  # as the kernel does when memory runs out
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "hang":
        time.sleep(FOREVER_S)


def _verdict(student_id: str, place: int) -> Verdict:
    box = Box(4 + place, 4, 24 + place, 24)
    track = Track((Sighting(0, 0.0, box, 1.0, np.eye(DIMENSIONS)[place % DIMENSIONS]),))
    return Verdict(track, Match(student_id, 0.99, 0.5), 1, "identified")


class _Mortal:
    """A port of the pipeline whose process may be told to end after one of its calls."""

    dies_after = ""

    def __init__(self, port: Any) -> None:
        self._port = port

    def __getattr__(self, step: str) -> Any:
        def call(*arguments: Any) -> Any:
            answer = getattr(self._port, step)(*arguments)
            if step == _Mortal.dies_after:
                os._exit(9)
            return answer

        return call


class StubGalleries:
    """Nobody's templates: the stub compares no faces."""

    def current(self) -> Gallery:
        """An empty gallery."""
        return make_gallery({})


@cache
def stub_pipeline() -> Pipeline:
    """The deployed pipeline, all real but the two, and mortal where results leave it."""
    from recognition.aws.calls import client

    real = make_pipeline(Settings.from_environment(os.environ), client)
    return replace(
        real,
        identifier=StubIdentifier,
        galleries=StubGalleries(),
        jobs=_Mortal(real.jobs),
        store=_Mortal(real.store),
        outbox=_Mortal(real.outbox),
    )


def face_recognition_handler(event: Mapping[str, object], context: Any) -> dict[str, object]:
    """What `handler.face_recognition_handler` is to the real pipeline."""
    return respond(event, context, stub_pipeline)
