"""What is simulated: every parameter with its unit, and whether it is measured, documented by AWS or assumed.

Knows no events. The surprising rule: the poller's own numbers are not repeated here but read from its settings, so that
a changed default changes the simulation.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from poller.settings_table import TABLE

_DEFAULTS = {row.field: row.default for row in TABLE}


def shipped(setting: str) -> int:
    """The poller's default of a whole-numbered setting."""
    return int(_DEFAULTS[setting] or 0)


@dataclass(frozen=True, slots=True)
class Clip:
    """What a clip costs the function: seconds of one core (mean, lognormal), of waiting for AWS, and its failures."""

    cpu_s: float = 1.26  # measured: 3.1 s a class of nine without BLAS, less 40 embeddings of 58 - 12 ms
    sigma: float = 0.5  # assumed: of the logarithm; the 95th percentile is twice the mean
    conversion: float = 1.5  # assumed: a Lambda arm64 core's seconds for one of the measured core's
    waiting_s: float = 0.25  # assumed: some 15 calls to S3, DynamoDB and SQS
    failures: float = 0.001  # assumed: share of invocations that raise
    exact_s: float = 0.0  # above 0: every clip takes this long, for checks

    @property
    def mean_s(self) -> float:
        """Mean seconds of a warm invocation."""
        return self.exact_s or self.cpu_s * self.conversion + self.waiting_s


@dataclass(frozen=True, slots=True)
class Function:
    """The deployed function. The start-up counts as billed, as AWS does since August 2025."""

    concurrency: int = 10  # serverless.yml: functionConcurrency
    timeout_s: int = field(default_factory=lambda: shipped("function_timeout_s"))
    memory_mb: int = 3008  # serverless.yml: functionMemory
    start_s: float = 2.5  # assumed: 0.42 CPU s measured, times 1.5, and the image's pages
    idle_s: float = 600.0  # assumed: AWS promises nothing


@dataclass(frozen=True, slots=True)
class Poller:
    """The VMs and the settings of their ticks, s. `concurrency` is of each VM."""

    vms: int = 1
    concurrency: int = field(default_factory=lambda: shipped("concurrency"))
    receive_s: int = field(default_factory=lambda: shipped("receive_s"))
    bound_s: int = field(default_factory=lambda: shipped("bound_s"))
    wait_s: int = field(default_factory=lambda: shipped("wait_s"))
    heartbeat_s: int = field(default_factory=lambda: shipped("heartbeat_s"))
    lease_cap_s: int = field(default_factory=lambda: shipped("lease_cap_s"))
    boot_s: float = (
        0.8  # until the first request: 0.25 measured on a warm machine on loopback, the rest assumed (TLS, keys)
    )
    cpu_s: float = 0.006  # Python a message, one thread at a time: 4 ms measured on loopback, the rest assumed (TLS)
    file_s: float = 0.008  # assumed: four fsyncs of 2 ms a clip on a network volume; 0.65 ms measured on a local disk


@dataclass(frozen=True, slots=True)
class Mapping:
    """An event source mapping in place of the ticks' receiving half: AWS's documented numbers."""

    maximum: int = 0  # its maximum concurrency, 2 to 1,000; 0: there is none, the poller invokes
    at_first: int = 5
    more_a_minute: int = 300
    batch: int = 1
    visibility_s: float = 120.0  # resources/queues.yml


@dataclass(frozen=True, slots=True)
class Scenario:
    """One simulated day. `all_at_once`: every clip lies in the queue at second 0, in place of a school day."""

    clips: int
    seed: int = 1
    clip: Clip = Clip()
    function: Function = field(default_factory=Function)
    poller: Poller = field(default_factory=Poller)
    mapping: Mapping = Mapping()
    all_at_once: bool = False
    announced_s: float = 1.0  # assumed: mean from S3's answer to the message in SQS, exponential
    trip_s: float = 0.02  # assumed: a call from the VM to AWS and back
    empty_poll_s: float = 20.0  # the longest long poll the queue allows
    table_writes: float = 4_000.0  # documented: write units a second of a new on-demand table
    writes_a_clip: float = 13.0  # three updates of job_table, two with decision and result: test_write_units.py
    index_writes_a_clip: float = 16.0  # of its two indexes
    partition_writes: float = 1_000.0  # documented: write units a second of a partition
    max_receives: int = 5  # resources/queues.yml
