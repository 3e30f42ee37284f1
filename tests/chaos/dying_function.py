"""The function on a local AWS over HTTP, and its death at a named call. Also a program: `python -m … JSON`.

The handler's own path (`make_pipeline`, `Responder`) with a stub where the models are. The surprising rule: a call dies
when its answer is in, so that the last call that took effect is known; before the first nothing has happened.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, BinaryIO, Protocol

import numpy as np

from recognition.aws import calls
from recognition.bootstrap import make_pipeline
from recognition.events import Responder
from recognition.faces import Frame
from recognition.gallery import Gallery
from recognition.identify import Finding
from recognition.sections import SectionRule
from recognition.settings import Settings
from recognition.stopwatch import Stopwatch
from recognition.track import link
from recognition.vote import decide
from tests.people import direction, sighting

LOCKED_S = 60.0
FRAMES = tuple(Frame(float(n), np.full((48, 64, 3), 90, np.uint8)) for n in range(2))

OnCall = Callable[[str], None]


class Sees(Protocol):
    """What looks at a clip."""

    def identify(self, file: BinaryIO, gallery: Gallery, watch: Stopwatch) -> Finding: ...


class Stub:
    """Reads the clip and sees person number 0 of the gallery, in the place of the models."""

    def __init__(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        self._meanwhile = meanwhile

    def identify(self, file: BinaryIO, gallery: Gallery, watch: Stopwatch) -> Finding:
        file.read()
        self._meanwhile()
        return Finding(FRAMES, tuple(decide(link([sighting(n, direction(0)) for n in range(2)]), gallery)))


def responder(
    settings: Settings, now: float, on_call: OnCall = lambda name: None, stub: Sees | None = None
) -> Responder:
    """The function at the time `now`; `on_call` hears of each call by its operation's name once its answer is in."""

    def client(service: str) -> Any:
        made = calls.client(service)
        made.meta.events.register("after-call", lambda model, **_: on_call(model.name))
        return made

    pipeline = make_pipeline(settings, client)
    struck = replace(pipeline, identifier=lambda: stub or Stub(), clock=lambda: now)  # type: ignore[arg-type, return-value]
    return Responder(partial(struck.process, deadline=now + LOCKED_S))


def main() -> None:
    """Serve the event, be killed after call number `dies_after`, or print the names of all calls."""
    told = json.loads(sys.argv[1])
    made: list[str] = []

    def on_call(name: str) -> None:
        made.append(name)
        if len(made) == told["dies_after"]:
            os.kill(os.getpid(), signal.SIGKILL)

    settings = {**told["settings"], "rule": SectionRule(**told["settings"]["rule"])}
    responder(Settings(**settings), told["now"], on_call).respond(told["event"])
    print(json.dumps(made))


if __name__ == "__main__":
    main()
