"""What an hour-long 1080p clip in S3 costs against a ten-second one: bytes fetched and CPU seconds, same sampling.

Both are read as the function reads them, over boto3 from a loopback S3, at as many moments in the one as in the other;
the long one with its index behind the pictures, and again with its index first. The surprising rule: nothing is
recognised here, because what is done with a frame costs the same whatever clip it came from.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from bench.bucket import loopback_bucket
from bench.command import json_option, write_figures
from bench.footage import Video
from bench.long import ROUND_S, one_round, write_rounds
from bench.reading import Reading, middle, read_clip
from localcloud.errors import LocalCloudError

KEY_FRAME_S = 4
RATE = 25
SEED = 7
ROOM = 1.2  # an encoder may miss its rate by so much


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
