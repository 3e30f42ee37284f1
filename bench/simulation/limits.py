"""Where each limit bites: the clips a day whose busiest ten minutes reach it, and what to change then. Pure.

The surprising rule: the rate in a burst counts, not the day's mean: it is eleven times as high.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.simulation.arrivals import peak_rate
from bench.simulation.scenario import Scenario, shipped

ACCOUNT_CONCURRENCY = 1_000  # documented default; 100 of it must stay unreserved
IN_FLIGHT = 120_000  # documented, of a standard queue
POLLER_MOST = 100  # poller.settings
READ_UNITS = 12_000.0  # documented, of a new on-demand table
READS_A_CLIP = 10
SHARED_WRITES = 3  # of a clip, to the partition of job_table's index by_time that lists what is worked on
ANSWER_BYTES, ANSWER_LIMIT = 120, 6 * 1024**2  # a record's share of the function's answer; Lambda's limit of all


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit. `clips_a_day` is None where no number of clips reaches it."""

    name: str
    clips_a_second: float | None
    change: str

    @property
    def clips_a_day(self) -> int | None:
        """The day whose bursts bring as many clips a second."""
        return None if self.clips_a_second is None else int(self.clips_a_second / peak_rate(1))


def limits(scenario: Scenario) -> list[Limit]:
    """The limits as shipped, from the one that bites first."""
    poller, function = scenario.poller, scenario.function
    held_s = scenario.clip.mean_s + 3 * scenario.trip_s + poller.cpu_s  # a slot of the poller is taken for as long
    service_s = scenario.clip.mean_s
    duty = min(1.0, poller.receive_s / 60)  # a backlog is received for so much of each minute
    filing = 10 / (10 * poller.file_s + poller.cpu_s / 2 + 2 * scenario.trip_s)
    found = [
        Limit(
            f"POLLER_CONCURRENCY = {shipped('concurrency')}, received for {poller.receive_s} of 60 s",
            duty * shipped("concurrency") / held_s,
            "POLLER_RECEIVE_S first, then raise it with the function's concurrency, to 100 at most",
        ),
        Limit(
            f"reserved concurrency = {function.concurrency}",
            function.concurrency / service_s,
            "functionConcurrency; AWS wants 100 of the account's left unreserved",
        ),
        Limit(f"POLLER_CONCURRENCY = {POLLER_MOST}, its most", POLLER_MOST / held_s, "another VM, or trigger: queue"),
        Limit("filing on one VM's disk", filing, "another VM, or a disk that syncs faster"),
        Limit("Python on one VM", 1 / (poller.cpu_s * 1.05), "another VM, or trigger: queue"),
        Limit(
            f"account concurrency {ACCOUNT_CONCURRENCY:,}",
            (ACCOUNT_CONCURRENCY - 100) / service_s,
            "ask AWS for a higher quota",
        ),
        Limit(
            f"job_table, {scenario.table_writes:,.0f} writes/s when new",
            scenario.table_writes / scenario.writes_a_clip,
            "nothing: the table doubles within half an hour; or warm throughput set beforehand",
        ),
        Limit(
            f"job_table's list of what is worked on, {scenario.partition_writes:,.0f} writes/s",
            scenario.partition_writes / SHARED_WRITES,
            "spread it over several partitions, in the code",
        ),
        Limit(
            f"student_table, {READ_UNITS:,.0f} reads/s when new", READ_UNITS / READS_A_CLIP, "the same as for job_table"
        ),
    ]
    return [*sorted(found, key=lambda limit: limit.clips_a_second or 0), *_never()]


def _never() -> list[Limit]:
    vms, records = IN_FLIGHT // POLLER_MOST, ANSWER_LIMIT // ANSWER_BYTES
    return [
        Limit(
            f"{IN_FLIGHT:,} messages in flight", None, f"never with fewer than {vms:,} VMs: only what runs is received"
        ),
        Limit("6 MB response", None, f"never: it takes {records:,} records in a message, and S3 sends one"),
    ]
