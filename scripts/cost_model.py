"""What a clip and a month cost on AWS: the prices, what a clip uses, and the arithmetic. Prints and draws nothing.

Knows no client and no stage. The surprising rule: one clip is one thread's work, so that memory above one vCPU's
buys no time. How long a clip takes on Lambda is derived from CPU seconds measured elsewhere; nothing here was measured
on AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MB_OF_ONE_VCPU = 1769  # AWS Lambda Developer Guide, "Configure Lambda function memory"
MEMORIES_MB = (512, 1024, 1769, 2048, 3008, 4096)
DEFAULT_MB = 3008  # functionMemory in serverless.yml
TICKS_A_MONTH = 30 * 24 * 60
ARM64, X86_64 = "arm64", "x86_64"


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for one of something in us-east-1, on which page of AWS's, and the date of the copy it was read in."""

    usd: float
    of: str
    page: str
    read: str


PRICES: Mapping[str, Price] = {
    "gb_second_arm64": Price(0.0000133334, "Lambda arm64, GB-second", "lambda", "2026-05"),
    "gb_second_x86_64": Price(0.0000166667, "Lambda x86_64, GB-second", "lambda", "2026-05"),
    "invocation": Price(0.20e-6, "Lambda, request", "lambda", "2026-05"),
    "sqs_request": Price(0.40e-6, "SQS standard queue, request of up to 64 KB", "sqs", "2026-06"),
    "s3_write": Price(5.0e-6, "S3 Standard, PUT", "s3", "undated"),
    "s3_read": Price(0.4e-6, "S3 Standard, GET or HEAD", "s3", "undated"),
    "s3_gb_month": Price(0.023, "S3 Standard, GB and month", "s3", "undated"),
    "table_write": Price(0.625e-6, "DynamoDB on demand, write unit", "dynamodb", "undated"),
    "table_read": Price(0.125e-6, "DynamoDB on demand, read unit", "dynamodb", "undated"),
    "log_gb": Price(0.50, "CloudWatch Logs, GB taken in", "cloudwatch", "2026-06"),
    "metric_month": Price(0.30, "CloudWatch, custom metric and month, by the hour", "cloudwatch", "2026-02"),
    "metric_request": Price(0.01e-3, "CloudWatch, PutMetricData request", "cloudwatch", "undated"),
    "alarm_month": Price(0.10, "CloudWatch, alarm and month", "cloudwatch", "2026-06"),
    "dashboard_month": Price(3.00, "CloudWatch, dashboard and month", "cloudwatch", "2026-06"),
    "ecr_gb_month": Price(0.10, "ECR, GB and month", "ecr", "2026-03"),
    "out_gb": Price(0.09, "from AWS to the VM, GB", "ec2", "2026-03"),
}


@dataclass(frozen=True, slots=True)
class Clip:
    """What one clip uses; beside its CPU seconds all are counted in the code, the bytes measured or assumed."""

    name: str
    cpu_s: float  # on the measured core, with OpenBLAS
    waits_s: float = 0.25  # for S3, DynamoDB and SQS; assumed, some 15 calls
    sqs_requests: int = 6  # announced by S3, received, deleted; the result sent, received, deleted
    s3_writes: int = 4  # the upload, CSV, record, picture
    s3_reads: int = 12  # the clip's head and ranges, the gallery's pointer, a head before each write
    stored_gb_months: float = 0.005 + 0.0003 * 12  # 5 MB for 1 month, 0.3 MB of results for 12; assumed
    table_writes: int = 29  # 13 of job_table, 16 of its indexes
    table_reads: int = 10
    logged_gb: float = 4.3e-6  # 2.3 kB of figures in 7 lines, 2 kB of the platform's
    fetched_gb: float = 6e-6  # by the VM


SHORT = Clip("one student, two seconds", 0.08)  # docs/benchmarks.md, recognise
CLASS = Clip("a class of nine", 1.26)  # docs/scale.md: 3.1 s measured without BLAS, less what BLAS saves


@dataclass(frozen=True, slots=True)
class Setup:
    """The function, and what the stage has whether clips come or not."""

    memory_mb: int = DEFAULT_MB
    architecture: str = ARM64
    slower: float = 1.5  # than the measured core, for an equal share of CPU; assumed, either architecture
    cold_share: float = 0.05  # of the clips; assumed
    cold_s: float = 2.5  # billed; assumed, 0.45 CPU s measured
    alarms: int = 8  # resources/alarms.yml
    metrics: int = 13  # the function's: five outcomes, five steps, three more
    metric_hours_share: float = 1.0  # of a month's hours, those with a clip; 1 is the most it can cost
    idle_polls: int = 7  # SQS requests of a tick that finds nothing: three for requests, four for results
    image_gb: float = 0.25  # compressed; assumed, 503 MiB unpacked


def usd(name: str) -> float:
    """The price's dollars."""
    return PRICES[name].usd


def seconds(clip: Clip, setup: Setup) -> float:
    """How long a clip takes a warm function: waiting, and one thread's work on its share of a core, at most one."""
    return clip.waits_s + clip.cpu_s * setup.slower / min(1.0, setup.memory_mb / MB_OF_ONE_VCPU)


def of_running(lasting_s: float, setup: Setup) -> float:
    """Dollars for one invocation's GB-seconds."""
    return lasting_s * setup.memory_mb / 1024 * usd(f"gb_second_{setup.architecture}")


def of_a_thousand(clip: Clip, setup: Setup) -> dict[str, float]:
    """Dollars for 1,000 clips, by what they are paid for."""
    one = {
        "Lambda, running": of_running(seconds(clip, setup), setup),
        "Lambda, cold starts": setup.cold_share * of_running(setup.cold_s, setup),
        "Lambda, requests": usd("invocation"),
        "SQS": clip.sqs_requests * usd("sqs_request"),
        "S3, requests": clip.s3_writes * usd("s3_write") + clip.s3_reads * usd("s3_read"),
        "S3, keeping": clip.stored_gb_months * usd("s3_gb_month"),
        "DynamoDB": clip.table_writes * usd("table_write") + clip.table_reads * usd("table_read"),
        "CloudWatch, logs": clip.logged_gb * usd("log_gb"),
        "from AWS to the VM": clip.fetched_gb * usd("out_gb"),
    }
    return {service: 1000 * dollars for service, dollars in one.items()}


def of_a_month(setup: Setup) -> dict[str, float]:
    """Dollars a month without a single clip; the function's metrics at most, since they cost only while clips come."""
    return {
        "alarms": setup.alarms * usd("alarm_month"),
        "the poller's metric": usd("metric_month"),
        "the poller's metric, sending": TICKS_A_MONTH * usd("metric_request"),
        "the poller's empty polls": TICKS_A_MONTH * setup.idle_polls * usd("sqs_request"),
        "ECR, one image": setup.image_gb * usd("ecr_gb_month"),
    }


def of_metrics(setup: Setup) -> float:
    """Dollars a month for the function's own metrics."""
    return setup.metrics * setup.metric_hours_share * usd("metric_month")
