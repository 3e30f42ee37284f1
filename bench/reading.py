"""One clip read from a bucket as the function reads it, and what that took. Nothing is recognised."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.bucket import Bucket
from bench.spent import cpu_s
from recognition.aws.clips import S3Clips
from recognition.decode import open_clip
from recognition.sample import MAX_FRAMES
from wire.s3_event import Upload


@dataclass(frozen=True, slots=True)
class Reading:
    """What it took to get `frames` frames out of a clip of `size` bytes and `seconds` of length."""

    clip: str
    seconds: float
    size: int
    frames: int
    bytes_fetched: int
    requests: int
    cpu_s: float
    wall_s: float


def moments(duration_s: float, count: int = MAX_FRAMES) -> list[float]:
    """`count` moments in the middles of equal parts: as many in a short clip as in a long one."""
    return [duration_s * (number + 0.5) / count for number in range(count)]


def read_clip(bucket: Bucket, upload: Upload) -> Reading:
    """Read the sampled frames of one clip as the function does, on the clock."""
    fetched, requests, cpu, wall = bucket.bytes_fetched, bucket.requests, cpu_s(), time.perf_counter()
    with S3Clips(bucket.s3).open(upload) as file, open_clip(file) as clip:
        frames = sum(1 for _ in clip.frames(moments(clip.duration_s)))
        seconds = clip.duration_s
    return Reading(
        clip=upload.key,
        seconds=round(seconds, 1),
        size=upload.size,
        frames=frames,
        bytes_fetched=bucket.bytes_fetched - fetched,
        requests=bucket.requests - requests,
        cpu_s=round(cpu_s() - cpu, 3),
        wall_s=round(time.perf_counter() - wall, 3),
    )


def middle(readings: Sequence[Reading]) -> Reading:
    """The reading with the median of CPU seconds; the lower one of two."""
    return sorted(readings, key=lambda reading: reading.cpu_s)[(len(readings) - 1) // 2]
