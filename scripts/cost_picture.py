"""The picture of docs/cost.md: dollars over memory. Draws what `cost_model` computes and decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cost_model import ARM64, DEFAULT_MB, MB_OF_ONE_VCPU, X86_64, Clip, Setup, of_running, seconds
from matplotlib.figure import Figure

PICTURED_MB = range(512, 4097, 32)


def save_picture(file: Path, clips: Sequence[Clip], setup: Setup) -> None:
    """Dollars per 1,000 clips for Lambda's running time over memory, for both architectures, as PNG."""
    figure = Figure(figsize=(9.0, 4.2), layout="constrained")
    for axes, clip in zip(figure.subplots(1, len(clips)), clips, strict=True):
        for architecture, colour in ((X86_64, "#b3412e"), (ARM64, "#1f6f8b")):
            made = [replace(setup, memory_mb=mb, architecture=architecture) for mb in PICTURED_MB]
            dollars = [1000 * of_running(seconds(clip, each), each) for each in made]
            axes.plot(PICTURED_MB, dollars, color=colour, lw=2)
            axes.text(PICTURED_MB[-1] + 60, dollars[-1], architecture, color=colour, va="center")
        for mb, name in ((MB_OF_ONE_VCPU, "one vCPU"), (DEFAULT_MB, "as shipped")):
            axes.axvline(mb, color="#999999", lw=0.9, ls=(0, (4, 3)))
            axes.text(mb + 40, dollars[0] / 20, name, color="#555555", fontsize=9)
        axes.set(xlabel="memory, MB", xlim=(PICTURED_MB[0], PICTURED_MB[-1]), ylim=(0, None))
        axes.set_title(clip.name, loc="left", fontsize=11)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_ylabel("Lambda, $ per 1,000 clips" if clip is clips[0] else "")
    figure.savefig(file, format="png", dpi=110)
