"""The machines of a soak: each ticks as cron would make it, into a folder of its own, and is treated badly.

A tick may be killed, asked to end, or stopped for longer than a lease and continued.
"""

from __future__ import annotations

import random
import signal
import subprocess
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.chaos.chaos_stage import ChaosStage

STOPPED_S = 6.0  # longer than the lease of chaos_stage.TICK
MISHAPS = {"killed": 0.15, "terminated": 0.1, "stopped": 0.05}


@dataclass
class Machine:
    """One machine with its poller. `happened` counts exit codes and mishaps."""

    stage: ChaosStage
    seed: int
    happened: Counter[str] = field(default_factory=Counter)
    calm: threading.Event = field(default_factory=threading.Event)
    off: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Tick until switched off."""
        dice = random.Random(self.seed)
        while not self.off.is_set():
            tick = self.stage.start_tick()
            if not self.calm.is_set():
                self._mistreat(tick, dice)
            code = self.stage.end_of(tick)
            self.happened[f"exit {code}" if code >= 0 else signal.Signals(-code).name] += 1
            self.off.wait(0.2)

    def _mistreat(self, tick: subprocess.Popen[str], dice: random.Random) -> None:
        draw, when = dice.random(), dice.uniform(0.2, 5.0)
        for mishap, share in MISHAPS.items():
            draw -= share
            if draw < 0:
                self._have(mishap, tick, when)
                return

    def _have(self, mishap: str, tick: subprocess.Popen[str], when: float) -> None:
        time.sleep(when)
        self.happened[mishap] += 1
        if mishap == "killed":
            tick.kill()
        elif mishap == "terminated":
            tick.terminate()
        else:
            tick.send_signal(signal.SIGSTOP)
            time.sleep(STOPPED_S)
            tick.send_signal(signal.SIGCONT)
