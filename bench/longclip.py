"""What an hour-long 1080p clip in S3 costs against a ten-second one: bytes fetched and CPU seconds, same sampling.

Both are read as the function reads them, over boto3 from a loopback S3, at as many moments in the one as in the other;
the long one with its index behind the pictures, and again with its index first. The surprising rule: nothing is
recognised here, because what is done with a frame costs the same whatever clip it came from.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from bench.bucket import Bucket, loopback_bucket
from bench.command import json_option, write_figures
from bench.footage import Video
from bench.long import ROUND_S, one_round, write_rounds
from bench.spent import cpu_s
from localcloud.errors import LocalCloudError
from recognition.aws.clips import S3Clips
from recognition.decode import open_clip
from recognition.sample import MAX_FRAMES
from wire.s3_event import Upload

KEY_FRAME_S = 4
RATE = 25
SEED = 7
ROOM = 1.2  # an encoder may miss its rate by so much


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


def figures(short: Reading, long: Sequence[Reading]) -> dict[str, object]:
    """The figures of the JSON file: the worse of the long clips counts."""
    return {
        "bytes_share": round(max(each.bytes_fetched / each.size for each in long), 4),
        "time_ratio": round(max(each.cpu_s for each in long) / short.cpu_s, 2),
        "wall_ratio": round(max(each.wall_s for each in long) / short.wall_s, 2),
        "clips": [{**asdict(each), "share": round(each.bytes_fetched / each.size, 4)} for each in (short, *long)],
    }


def table(readings: Sequence[Reading]) -> Table:
    """A row for each clip."""
    drawn = Table("clip", "MB", "frames", "MB fetched", "share", "GETs", "CPU s", "wall s")
    for each in readings:
        megabytes = (each.size / 1e6, each.bytes_fetched / 1e6)
        share = f"{each.bytes_fetched / each.size:.2%}"
        cells = (f"{megabytes[0]:.1f}", str(each.frames), f"{megabytes[1]:.1f}", share, str(each.requests))
        drawn.add_row(each.clip, *cells, f"{each.cpu_s:.3f}", f"{each.wall_s:.3f}")
    return drawn


def middle(readings: Sequence[Reading]) -> Reading:
    """The reading with the median of CPU seconds; the lower one of two."""
    return sorted(readings, key=lambda reading: reading.cpu_s)[(len(readings) - 1) // 2]


def measure(minutes: int, megabits: float, runs: int, say: Callable[[str], None]) -> list[Reading]:
    """Make, upload and read the short clip and both long ones, one after the other; the median run of each."""
    say("encoding ten seconds")
    clip = one_round(video(megabits), SEED)
    wanted = [(f"{ROUND_S} s", 1, False)]
    wanted += [
        (f"{minutes} min, {place}", minutes * 60 // ROUND_S, place == "index first")
        for place in ("index last", "index first")
    ]
    readings = []
    with tempfile.TemporaryDirectory(prefix="bench-long-") as folder, loopback_bucket() as bucket:
        for key, rounds, index_first in wanted:
            say(f"making the clip of {key}")
            file = Path(folder) / "clip.mp4"
            write_rounds(clip, rounds, file, index_first=index_first)
            say(f"uploading {file.stat().st_size / 1e6:.0f} MB")
            upload = bucket.put(key, file)
            file.unlink()
            say(f"reading the clip of {key}")
            readings.append(middle([read_clip(bucket, upload) for _ in range(runs)]))
            bucket.take_away(upload)
    return readings


def require_space(folder: Path, minutes: int, megabits: float) -> None:
    """Refuse, before anything is made, when the long clip does not fit on the disk."""
    needed, free = minutes * 60 * megabits / 8 * ROOM, shutil.disk_usage(folder).free / 1e6
    if free < needed:
        raise click.UsageError(
            f"the clip needs {needed:.0f} MB in {folder}, {free:.0f} MB are free: set TMPDIR to a larger disk, or take "
            "fewer --minutes or --megabits"
        )


def video(megabits: float) -> Video:
    """How the ten seconds are encoded: at a steady bit rate, which the sensor noise uses up."""
    bits = str(round(megabits * 1_000_000))
    return Video(RATE, KEY_FRAME_S, {"preset": "superfast", "b": bits, "maxrate": bits, "bufsize": bits})


@click.command()
@json_option
@click.option(
    "--minutes", type=click.IntRange(1, 12 * 60), default=60, show_default=True, help="The long clip's length."
)
@click.option("--megabits", type=click.FloatRange(1, 20), default=3, show_default=True, help="A second of either clip.")
@click.option("--runs", type=click.IntRange(min=1), default=3, show_default=True, help="Readings; the median counts.")
def main(json: Path | None, minutes: int, megabits: float, runs: int) -> None:
    """Make a long clip and a short one, put them on a loopback S3 and compare what reading them takes.

    A clip of an hour at the default rate takes 1.4 GB on the disk for a moment, and in memory.
    """
    require_space(Path(tempfile.gettempdir()), minutes, megabits)
    console = Console(stderr=True)
    with console.status("starting") as status:
        try:
            short, *long = measure(minutes, megabits, runs, status.update)
        except LocalCloudError as error:
            raise click.ClickException(str(error)) from error
    measured = figures(short, long)
    said = "long / short: CPU {time_ratio}, wall {wall_ratio}; bytes fetched of a long clip {bytes_share:.2%}"
    Console().print(table([short, *long]), said.format(**measured))
    write_figures(json, measured)


if __name__ == "__main__":
    main(prog_name="scripts/bench.sh longclip")
