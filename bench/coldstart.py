"""What a fresh process spends until the first clip can be recognised, against `import face_recognition`.

Ready means what the deployed function needs for its first clip: models loaded, clients made, the decoder waiting; no
network. The surprising rule: both programs run in turns, so that a busy machine slows both, and the medians count.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.command import json_option, write_figures
from bench.fresh import Spent, Step, run_fresh
from localcloud.credentials import operator_environment, without_aws
from recognition.settings import REQUIRED

ROOT = Path(__file__).resolve().parents[1]
DEPLOYED = {"OPENBLAS_NUM_THREADS": "1"}  # what serverless.yml sets that has a bearing on the start
NO_PORT = 9  # the clients are made and never used

REFUSE = """
import contextlib, io
from recognition.decode import open_clip
from recognition.errors import ClipRejected
with contextlib.suppress(ClipRejected), open_clip(io.BytesIO()):
    pass
"""
"""Refusing an empty file takes all that decoding a clip takes, wherever the decoder runs."""

READY = (
    Step("numpy", "import numpy"),
    Step("dlib", "import dlib"),
    Step("our modules", "import handler, recognition.bootstrap"),
    Step("models", "recognition.bootstrap.identifier()"),
    Step("boto3", "import boto3"),
    Step("clients", "recognition.bootstrap.deployed_pipeline()"),
    Step("decoder", REFUSE),
)
FACE = "models"  # up to here it is the same job as face_recognition's, without AWS and video
BASELINE = (Step("face_recognition", "import face_recognition"),)


def environment(outer: Mapping[str, str]) -> dict[str, str]:
    """The function's settings and its name, all made up, and no way to a real account."""
    settings = {**dict.fromkeys((*REQUIRED, "AWS_LAMBDA_FUNCTION_NAME"), "made-up"), **DEPLOYED}
    return {**without_aws(outer), **operator_environment(NO_PORT), **settings, "PYTHONPATH": str(ROOT)}


def middle(runs: Sequence[Sequence[Spent]]) -> list[Spent]:
    """The median of each step over runs of the same steps."""
    return [
        Spent(marks[0].step, median(mark.cpu_s for mark in marks), round(median(mark.peak_bytes for mark in marks)))
        for marks in zip(*runs, strict=True)
    ]


def figures(ours: Sequence[Spent], baseline: Sequence[Spent], runs: int) -> dict[str, object]:
    """The figures of the JSON file: ratios, totals, and what each step added."""
    ready, theirs = ours[-1], baseline[-1]
    face = next(mark for mark in ours if mark.step == FACE)
    return {
        "runs": runs,
        "cpu_ratio": round(ready.cpu_s / theirs.cpu_s, 3),
        "rss_ratio": round(ready.peak_bytes / theirs.peak_bytes, 3),
        "cpu_s": {"ours": round(ready.cpu_s, 3), "face_recognition": round(theirs.cpu_s, 3)},
        "rss_mb": {"ours": _mb(ready.peak_bytes), "face_recognition": _mb(theirs.peak_bytes)},
        "without_aws_and_video": {
            "cpu_ratio": round(face.cpu_s / theirs.cpu_s, 3),
            "rss_ratio": round(face.peak_bytes / theirs.peak_bytes, 3),
        },
        "steps": [
            {
                "step": mark.step,
                "cpu_s": round(mark.cpu_s - before.cpu_s, 3),
                "rss_mb": _mb(mark.peak_bytes - before.peak_bytes),
            }
            for before, mark in zip([Spent("", 0.0, 0), *ours], ours, strict=False)
        ],
    }


def _mb(count: int) -> float:
    return round(count / 1_000_000, 1)


def table(drawn: Mapping[str, object]) -> Table:
    """Each step's share, and both totals."""
    rows = Table("step", "CPU s", "peak memory, MB")
    steps, cpu_s, rss_mb = drawn["steps"], drawn["cpu_s"], drawn["rss_mb"]
    assert isinstance(steps, list)
    assert isinstance(cpu_s, dict)
    assert isinstance(rss_mb, dict)
    for step in steps:
        rows.add_row(step["step"], f"+ {step['cpu_s']:.3f}", f"+ {step['rss_mb']:.1f}")
    rows.add_section()
    for name, title in {"ours": "ready for the first clip", "face_recognition": "import face_recognition"}.items():
        rows.add_row(title, f"{cpu_s[name]:.3f}", f"{rss_mb[name]:.1f}")
    return rows


@click.command()
@json_option
@click.option("--runs", type=click.IntRange(min=1), default=7, show_default=True, help="Fresh processes of each kind.")
def main(json: Path | None, runs: int) -> None:
    """Start fresh processes and report what getting ready costs, step by step."""
    given = environment(os.environ)
    ours, baseline = [], []
    for number in track(range(runs + 1), "starting fresh processes", console=Console(stderr=True)):
        pair = run_fresh(READY, given), run_fresh(BASELINE, given)
        if number > 0:  # the first one compiles modules and fills the disk's cache
            ours.append(pair[0])
            baseline.append(pair[1])
    measured = figures(middle(ours), middle(baseline), runs)
    said = "ours / face_recognition: CPU {cpu_ratio}, memory {rss_ratio}; without AWS and video {without_aws_and_video}"
    Console().print(table(measured), said.format(**measured))
    write_figures(json, measured)


if __name__ == "__main__":
    main(prog_name="scripts/bench.sh coldstart")
