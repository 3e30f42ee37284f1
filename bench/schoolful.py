"""Ten thousand students enrolled in one run: memory, CPU, and what a second run saves.

The surprising rule: faces are made up. Photographs are small noise, a stub finds one face in each and gives it a
random embedding near its student's; reading, journal, judging, averaging and writing are the product's.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from bench.spent import cpu_s, peak_bytes
from recognition.detect import Look
from recognition.enrol import enrolled, look_at_folders
from recognition.enrolment.folders import read_folders
from recognition.enrolment.journal import Journal
from recognition.enrolment.judge import judge
from recognition.faces import Box, Detection, Embedding, Grey, Landmarks, Rgb
from recognition.gallery_file import write_gallery
from recognition.identify import Identifier

PHOTOGRAPHS = 3
SIDE = 64  # pixels of a made-up photograph; its first pixels say whose it is
SCATTER = 0.25  # of a student's photographs about their middle; their similarity is then about 0.94
LANDMARKS = np.array([(54, 22), (44, 22), (10, 22), (20, 22), (32, 40)])


@dataclass(frozen=True, slots=True)
class Schoolful:
    """What a run cost: CPU seconds and the process's greatest memory, and how many photographs were doubted."""

    students: int
    cpu_s: float
    again_cpu_s: float
    peak_mb: float
    journal_mb: float
    doubted: int


class Stub:
    """A detector that finds one face in each photograph, and an embedder that reads whose it is off the pixels."""

    def detect(self, rgb: Rgb, look: Look, reduced: Grey | None = None) -> list[Detection]:
        return [Detection(Box(0, 0, SIDE - 1, SIDE - 1), 1.0)]

    def landmarks(self, rgb: Rgb, box: Box) -> Landmarks:
        return LANDMARKS

    def embed(self, rgb: Rgb, box: Box, landmarks: Landmarks | None = None) -> Embedding:
        student, photograph = (int.from_bytes(rgb[0, n].tobytes(), "big") for n in (0, 1))
        middle = np.random.default_rng(student).normal(size=128)
        return np.asarray(middle + SCATTER * np.random.default_rng((student, photograph)).normal(size=128))


def make_photographs(root: Path, students: int) -> None:
    """A folder for each student with small noise as PNG."""
    for student in range(students):
        (folder := root / f"student-{student:05}").mkdir(parents=True)
        for photograph in range(PHOTOGRAPHS):
            noise = np.random.default_rng((student, photograph)).integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8)
            noise[0, 0], noise[0, 1] = _colour(student), _colour(photograph)
            Image.fromarray(noise).save(folder / f"{photograph}.png", compress_level=1)


def enrol_all(root: Path, students: int) -> Schoolful:
    """Enrol everybody twice, the second time from the journal, in a process that has done nothing else."""
    stub = Stub()
    identifier = Identifier(stub, stub)
    journal_file, started = root / ".journal", cpu_s()
    spent = []
    for _ in range(2):
        with Journal(journal_file) as journal:
            folders = read_folders(root, None)
            judged = judge(look_at_folders(folders, lambda: identifier, journal))
            made = enrolled(folders, judged, gate="warn")
            (root / "gallery.npz").write_bytes(write_gallery(made.gallery))
        spent.append(cpu_s() - started)
        started = cpu_s()
    doubted = sum(bool(each.faults) for each in judged)
    size = journal_file.stat().st_size / 1e6
    return Schoolful(students, spent[0], spent[1], peak_bytes() / 1e6, size, doubted)


def _colour(number: int) -> tuple[int, ...]:
    return tuple(number.to_bytes(3, "big"))
