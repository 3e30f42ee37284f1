"""What a simulated day costs on AWS, from what was counted in it. The prices are one table, with their date.

The surprising rule: a quiet day is dominated by what runs anyway (alarms, empty polls), so both are given: what the
clips cost, and what a month costs without any. The VM is the operator's own.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.simulation.day import Day

DAYS_A_MONTH = 30


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars, us-east-1, list prices as known in November 2026, without the free tier."""

    gb_second: float = 0.0000133334  # Lambda, arm64
    invocation: float = 0.20e-6
    sqs_request: float = 0.40e-6
    s3_write: float = 5.0e-6
    s3_read: float = 0.4e-6
    s3_gb_month: float = 0.023
    table_write: float = 0.625e-6
    table_read: float = 0.125e-6
    log_gb: float = 0.50
    out_gb: float = 0.09  # from AWS to the VM
    alarm_month: float = 0.10
    metric_month: float = 0.30
    metric_put: float = 10e-6


@dataclass(frozen=True, slots=True)
class Clip:
    """What a clip causes besides its seconds: counted in the code for a class of ten, the bytes assumed."""

    s3_writes: int = 4  # the upload, CSV, record, picture
    s3_reads: int = 12  # the head and some ranges of the clip, the gallery's pointer, a head before each write
    table_reads: int = 10  # student_table, a unit a student
    stored_gb: float = 0.005 + 0.0003 * 12  # 5 MB kept for 1 month, 0.3 MB of results for 12
    logged_gb: float = 4.3e-6  # its lines, and seven for its figures
    fetched_gb: float = 6e-6  # answer, messages and their envelopes


ALARMS = 8  # resources/alarms.yml, held to it by a test
SIGNS = 60 * 24 * DAYS_A_MONTH  # one for each tick


def of_clips(day: Day, prices: Prices = Prices(), clip: Clip = Clip()) -> dict[str, float]:
    """Dollars per 1,000 clips by service, without what runs anyway."""
    used, clips = day.used, day.scenario.clips
    memory_gb = day.scenario.function.memory_mb / 1024
    total = {
        "lambda": used.busy_s * memory_gb * prices.gb_second + used.invocations * prices.invocation,
        "sqs": day.sqs_requests * prices.sqs_request,
        "s3": clips
        * (clip.s3_writes * prices.s3_write + clip.s3_reads * prices.s3_read + clip.stored_gb * prices.s3_gb_month),
        "dynamodb": used.write_units * prices.table_write + clips * clip.table_reads * prices.table_read,
        "cloudwatch": clips * clip.logged_gb * prices.log_gb,
        "transfer": clips * clip.fetched_gb * prices.out_gb,
    }
    return {service: 1_000 * dollars / clips for service, dollars in total.items()}


def of_alarms(prices: Prices = Prices()) -> float:
    """Dollars a month for the alarms and one poller's sign of life, with or without clips."""
    return ALARMS * prices.alarm_month + prices.metric_month + SIGNS * prices.metric_put
