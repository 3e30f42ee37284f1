"""Photographs enrolled in a CPU second against plain face_recognition, and what the gate doubts and catches.

Both read the same files with the same dlib. The surprising rule: the plain loop neither judges nor refuses; it is the
cost of embedding photographs the customary way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.command import data_option, json_option, write_figures
from bench.gallery import apart
from bench.photographs import find_photographs
from bench.planted import doubts
from bench.schoolful import PHOTOGRAPHS, enrol_all, make_photographs
from bench.spent import cpu_s
from recognition.enrolment.judge import judge
from recognition.enrolment.looking import look_at_file
from recognition.enrolment.taken import Taken
from recognition.identify import Identifier

COSTLY = 30  # photographs whose cost is measured at each size; the plain loop takes a second for each large one
PHONE = (4032, 3024)  # pixels of a telephone's picture
COUNTS = (1, 2, 3, 5)


def cost(files: Sequence[Path], identifier: Identifier) -> dict[str, float]:
    """Photographs a CPU second, looked at and judged by us and embedded by the plain loop."""
    ours = _rate(len(files), lambda: judge([look_at_file(file.stem, file, lambda: identifier) for file in files]))
    plain = _rate(len(files), lambda: [_plain(file) for file in files])
    return {"ours": ours, "plain": plain, "ratio": ours / plain}


def _rate(count: int, work: Callable[[], object]) -> float:
    start = cpu_s()
    work()
    return count / (cpu_s() - start)


def _plain(file: Path) -> object:
    import face_recognition

    return face_recognition.face_encodings(face_recognition.load_image_file(file))


def phone_pictures(files: Sequence[Path], folder: Path) -> list[Path]:
    """The photographs as a telephone would take them: twelve megapixels, the face a third as high as the picture."""
    made = []
    for number, file in enumerate(files):
        picture = Image.new("RGB", PHONE, (120, 125, 118))
        with Image.open(file) as photograph:
            side = PHONE[1] * 3 // 4
            picture.paste(photograph.convert("RGB").resize((side, side)), ((PHONE[0] - side) // 2, PHONE[1] - side))
        made.append(folder / f"{number}.jpg")
        picture.save(made[-1], quality=90)
    return made


def table(costs: dict[str, dict[str, float]]) -> Table:
    """A row for each size of photograph."""
    drawn = Table("photographs a CPU second", "ours", "plain face_recognition", "ours / plain")
    for size, each in costs.items():
        drawn.add_row(size, f"{each['ours']:.1f}", f"{each['plain']:.1f}", f"{each['ratio']:.2f}")
    return drawn


def doubts_table(found: Sequence[dict[str, float]]) -> Table:
    """A row for each number of photographs a student."""
    drawn = Table("photographs each", "right ones doubted", "another student's caught", "a stranger's", "doubted along")
    for each in found:
        shares = (f"{each[key]:.1%}" for key in ("right_doubted", "student_caught", "stranger_caught"))
        drawn.add_row(f"{each['photographs']:.0f}", *shares, f"{each['doubted_along']:.2f}")
    return drawn


def _looked_at(files: Sequence[Path], identifier: Identifier) -> list[Taken]:
    looked = (look_at_file(file.parent.name, file, lambda: identifier) for file in files)
    return [taken for taken in looked if taken.seen.embedding is not None]


@click.command()
@data_option("lfw")
@json_option
@click.option("--students", type=click.IntRange(min=2), help="Only enrol that many made-up students; needs no data.")
def main(data: Path, json: Path | None, students: int | None) -> None:
    """Enrol the people in DIR, or made-up ones to see how far it scales."""
    if students:
        with TemporaryDirectory() as folder:
            apart(make_photographs, Path(folder) / "school", students)
            school = asdict(apart(enrol_all, Path(folder) / "school", students))
        Console().print(f"{students} students, {students * PHOTOGRAPHS} photographs:", school)
        write_figures(json, {"school": school})
        return
    import dlib

    from recognition.bootstrap import identifier

    photographs, models = find_photographs(data), identifier()
    enrolled = [file for files in photographs.enrol.values() for file in files]
    _plain(enrolled[0])  # loads its models
    costs = {"as they are": cost(enrolled[:COSTLY], models)}
    with TemporaryDirectory() as folder:
        costs["12 megapixels"] = cost(phone_pictures(enrolled[:COSTLY], Path(folder)), models)
    console = Console()
    console.print(f"dlib {'on OpenBLAS' if dlib.DLIB_USE_BLAS else 'without BLAS'}", table(costs))
    people = [*enrolled, *(file for files in photographs.probe.values() for file in files)]
    taken: dict[str, list[Taken]] = {}
    for each in _looked_at(list(track(people, "looking", console=Console(stderr=True))), models):
        taken.setdefault(each.student_id, []).append(each)
    strangers = _looked_at(photographs.strangers, models)
    found = [doubts(taken, strangers, count, seed=1) for count in COUNTS]
    console.print(doubts_table(found))
    write_figures(json, {"photographs_per_cpu_s": costs, "doubts": found, "dlib_blas": bool(dlib.DLIB_USE_BLAS)})


if __name__ == "__main__":
    main(prog_name="scripts/bench.sh enrol")
