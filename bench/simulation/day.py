"""Runs one scenario from the first upload until every clip has ended, and sums it up.

The composition root of the simulation. The surprising rule: everything random comes from the scenario's seed, the
clips' properties first, so that two set-ups of one seed differ in the set-up only.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np
import simpy

from bench.simulation.arrivals import DAY_S, Seconds, school_day
from bench.simulation.function import Lambda, Used, service_times
from bench.simulation.mapping import EventSource
from bench.simulation.queue import Message, Queue, Steps
from bench.simulation.scenario import Scenario
from bench.simulation.ticking import Vm


@dataclass(frozen=True, slots=True)
class Day:
    """What came of it. `latency_s`: from upload to file of each filed clip; `ended_s`: when the last clip ended."""

    scenario: Scenario
    latency_s: Seconds
    dead: int
    ended_s: float
    used: Used
    sqs_requests: int
    receives: int
    most_in_flight: int
    most_visible: int

    def percentile(self, percent: float) -> float:
        """Seconds from upload to file that so many per cent of the clips stay within."""
        return float(np.percentile(self.latency_s, percent))


class _Fates:
    """When each clip was filed; `all_ended` happens when none is left."""

    def __init__(self, env: simpy.Environment, clips: int, output: Queue) -> None:
        self._env, self._output, self._left = env, output, clips
        self.filed_at = np.full(clips, np.nan)
        self.last = 0.0
        self.all_ended = env.event()

    def served(self, clip: int) -> None:
        self._output.put(Message(clip))

    def filed(self, clip: int, when: float) -> None:
        if np.isnan(self.filed_at[clip]):
            self.filed_at[clip] = when
            self.ended(when)

    def ended(self, when: float) -> None:
        self._left -= 1
        self.last = max(self.last, when)
        if self._left == 0:
            self.all_ended.succeed()


def simulate(scenario: Scenario) -> Day:
    """Run the scenario to its end."""
    env = simpy.Environment()
    rng, chance = np.random.default_rng(scenario.seed), Random(scenario.seed)
    clips = scenario.clips
    uploaded = np.zeros(clips) if scenario.all_at_once else school_day(clips, rng)
    announced = uploaded if scenario.all_at_once else uploaded + rng.exponential(scenario.announced_s, clips)
    fails = set(np.flatnonzero(rng.random(clips) < scenario.clip.failures).tolist())
    function = Lambda(env, scenario, service_times(scenario.clip, clips, rng).tolist(), fails)
    requests, output = (Queue(env, scenario.empty_poll_s, scenario.max_receives) for _ in range(2))
    fates = _Fates(env, clips, output)
    requests.on_dead = lambda message: fates.ended(env.now)
    env.process(_announce(env, announced, requests))
    if scenario.mapping.maximum:
        env.process(EventSource(env, scenario, requests, function, fates.served).scale())
    for _ in range(scenario.poller.vms):
        env.process(Vm(env, scenario, requests, output, function, chance, fates.served, fates.filed).cron())
    env.run(fates.all_ended if scenario.all_at_once else env.timeout(DAY_S) & fates.all_ended)
    filed = ~np.isnan(fates.filed_at)
    return Day(
        scenario,
        latency_s=fates.filed_at[filed] - uploaded[filed],
        dead=len(requests.dead),
        ended_s=fates.last,
        used=function.used,
        sqs_requests=requests.requests + output.requests + 2 * clips,
        receives=requests.receives,
        most_in_flight=requests.most_in_flight,
        most_visible=requests.most_visible,
    )


def _announce(env: simpy.Environment, announced: Seconds, requests: Queue) -> Steps:
    order = np.argsort(announced, kind="stable")
    for clip, when in zip(order.tolist(), announced[order].tolist(), strict=True):
        if when > env.now:
            yield env.timeout(when - env.now)
        requests.put(Message(clip))
