"""CPU seconds a clip: our path, plain face_recognition on the first frame, the original system's path; same dlib.

A first run of each path, not counted, loads its models, and what decodes in a process of its own counts with us. The
surprising rule: the other two paths decide by the nearest template within 0.6 on a single frame; this benchmark
compares their cost, and only our answers are checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from bench.command import data_option, file_option, json_option, require, write_figures
from bench.spent import cpu_s
from recognition.faces import Embedding, Rgb
from recognition.gallery import Gallery
from recognition.legacy import import_students, read_legacy
from recognition.stopwatch import Stopwatch
from recognition.students_file import read_students

LAYOUT = {
    "videos": "the clips, *.mp4",
    "encoding": "the legacy gallery",
    "student_data.json": "the rows of the student table",
    "mapping": "clip:major,year, the right answers",
}
ROUNDS = 3  # a child's CPU time comes in hundredths of a second
Recogniser: TypeAlias = Callable[[Path], str | None]


def timed(path: Recogniser, clips: Sequence[Path]) -> tuple[dict[str, str | None], float]:
    """Every clip's answer by its name, and CPU seconds a clip."""
    path(clips[0])
    start = cpu_s()
    answers = [{clip.name: path(clip) for clip in clips} for _ in range(ROUNDS)]
    return answers[0], (cpu_s() - start) / len(clips) / ROUNDS


def by_us(clip: Path, gallery: Gallery, names: Mapping[str, str]) -> str | None:
    """Whom our own path names; a second name makes the answer wrong."""
    from recognition.bootstrap import identifier

    with clip.open("rb") as file:
        finding = identifier().identify(file, gallery, Stopwatch())
    named = [names.get(verdict.student_id, "") for verdict in finding.verdicts if verdict.student_id]
    return " and ".join(named) or None


def by_face_recognition(clip: Path, legacy: Mapping[str, Embedding], *, again: bool) -> str | None:
    """The customary code on one frame; `again`: on the second, after a detection on the first, as the original did."""
    import face_recognition

    frames = _first_frames(clip, 2 if again else 1)
    if again:
        face_recognition.face_locations(frames[0])
    encodings = face_recognition.face_encodings(frames[-1])
    if not encodings:
        return None
    distances = np.linalg.norm(np.array(list(legacy.values())) - encodings[0], axis=1)
    return list(legacy)[int(distances.argmin())] if distances.min() <= 0.6 else None


def _first_frames(clip: Path, count: int) -> list[Rgb]:
    import av

    frames: list[Rgb] = []
    with av.open(str(clip)) as container:
        for frame in container.decode(video=0):
            frames.append(np.ascontiguousarray(frame.to_ndarray(format="rgb24")))
            if len(frames) == count:
                break
    return frames


def right_answers(mapping: str, rows: Mapping[str, str], answers: Mapping[str, str | None]) -> int:
    """How many clips got the student whose `major,year` the mapping expects. It and the table spell freshmen apart."""
    expected = dict(line.split(":", 1) for line in mapping.split())
    return sum(
        rows.get(student or "", "").replace("freshmen", "freshman") == expected[clip]
        for clip, student in answers.items()
    )


def measure(data: Path) -> dict[str, object]:
    """The figures, with the keys of the JSON file."""
    import dlib

    clips = sorted((data / "videos").glob("*.mp4"))
    legacy = read_legacy(data / "encoding")
    students = read_students(data / "student_data.json")
    gallery, _ = import_students(legacy, students, None)
    names = {student.student_id: student.name for student in students}
    answers, ours = timed(lambda clip: by_us(clip, gallery, names), clips)
    _, plain = timed(lambda clip: by_face_recognition(clip, legacy, again=False), clips)
    _, original = timed(lambda clip: by_face_recognition(clip, legacy, again=True), clips)
    rows = {student.name: f"{student.major},{student.year}" for student in students}
    return {
        "clips": len(clips),
        "right": right_answers((data / "mapping").read_text(encoding="utf-8"), rows, answers),
        "cpu_s_per_clip": {"ours": round(ours, 3), "plain": round(plain, 3), "original": round(original, 3)},
        "cpu_ratio_vs_plain": round(plain / ours, 2),
        "cpu_ratio_vs_original": round(original / ours, 2),
        "dlib_blas": bool(dlib.DLIB_USE_BLAS),
    }


def save_plot(file: Path, seconds: Mapping[str, float], blas: bool) -> None:
    """A bar for each path, as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 2.2), layout="constrained")
    axes = figure.add_subplot()
    titles = {"ours": "ours", "plain": "plain face_recognition,\none frame", "original": "the original system"}
    bars = axes.barh([titles[path] for path in seconds], list(seconds.values()), color=["#16a34a", "#888", "#bbb"])
    axes.bar_label(bars, fmt="%.3f s", padding=4, fontsize=9)
    axes.set(xlabel="CPU seconds a clip", xlim=(0, 1.2 * max(seconds.values())))
    axes.set_title(f"What a clip costs, dlib {'on OpenBLAS' if blas else 'without BLAS'}", fontsize=10)
    axes.invert_yaxis()
    figure.savefig(file, dpi=100)


@click.command()
@data_option("course")
@json_option
@file_option("--plot", "Save the CPU seconds of the three paths there, as PNG.")
def main(data: Path, json: Path | None, plot: Path | None) -> None:
    """Compare the cost of a clip on the clips in DIR."""
    require(data, LAYOUT)
    figures = measure(data)
    drawn = Table("path", "CPU s a clip")
    seconds = figures["cpu_s_per_clip"]
    assert isinstance(seconds, dict)
    for path, cost in seconds.items():
        drawn.add_row(path, f"{cost:.3f}")
    said = "{right} of {clips} right; plain/ours {cpu_ratio_vs_plain}, original/ours {cpu_ratio_vs_original}"
    Console().print(drawn, said.format(**figures))
    write_figures(json, figures)
    if plot is not None:
        save_plot(plot, seconds, bool(figures["dlib_blas"]))


if __name__ == "__main__":
    main(prog_name="scripts/bench.sh recognise")
