"""Who is found and named in made clips: 6 to 12 faces of 40 to 160 px moving in 1080p, half of them enrolled.

The people of a folder of photographs are put into clips whose every face is known, and our path answers beside the
plain one (`face_recognition` on the first frame, the first photograph within 0.6). The surprising rule: whoever turns
up after the first frame counts as missed by the plain path, because that is what looking at one frame costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import click
import numpy as np
from rich.console import Console
from rich.progress import track

from bench.command import data_option, folder_option, json_option, write_figures
from bench.footage import film
from bench.marks import marked
from bench.paths import Tally, Templates, answers_of, by_face_recognition, enrolled
from bench.photographs import Photographs, embed_faces, find_photographs
from bench.portraits import single_faces
from bench.rollcall_tables import size_table, table
from bench.scene import Scene, scenes
from recognition.annotate import annotated_picture
from recognition.faces import Box
from recognition.gallery import Gallery
from recognition.identify import Finding
from recognition.stopwatch import Stopwatch


def usable(photographs: Photographs, faces: Mapping[Path, Box]) -> tuple[dict[str, list[Path]], list[Path]]:
    """The probes of each student and the strangers' photographs that show exactly one face.

    Raises `click.UsageError` when nothing is left of either.
    """
    probe = {name: [file for file in files if file in faces] for name, files in photographs.probe.items()}
    shown = {name: files for name, files in probe.items() if files}
    strangers = [file for file in photographs.strangers if file in faces]
    if not shown or not strangers:
        raise click.UsageError("probe/ and strangers/ must each hold photographs in which exactly one face is found")
    return shown, strangers


def measure(
    made: Sequence[Scene], faces: Mapping[Path, Box], templates: Templates, seed: int, pictures: Path | None
) -> dict[str, object]:
    """The figures, with the keys of the JSON file."""
    import face_recognition  # noqa: F401  (loads its models before the clock runs)

    from recognition.bootstrap import identifier

    gallery = enrolled(templates)
    ours, plain = Tally(), Tally()
    for number, scene in enumerate(track(made, "making and reading clips", console=Console(stderr=True)), 1):
        clip = film(scene, faces, np.random.default_rng((seed, number)))
        with ours.timed():
            finding = identifier().identify(clip, gallery, Stopwatch())
        ours.marks += marked(scene, answers_of(finding))
        clip.seek(0)
        with plain.timed():
            named = by_face_recognition(clip, templates)
        plain.marks += marked(scene, named)
        if pictures is not None:
            keep(pictures / f"{number:02}", clip, finding, gallery)
    shown = [each for scene in made for each in scene.cast]
    return {
        "clips": len(made),
        "faces": len(shown),
        "enrolled_shown": sum(each.person.student_id is not None for each in shown),
        "strangers_shown": sum(each.person.student_id is None for each in shown),
        "students": len(gallery.student_ids),
        "threshold": gallery.threshold,
        **ours.figures(len(made)),
        "plain": plain.figures(len(made)),
    }


def keep(stem: Path, clip: BinaryIO, finding: Finding, gallery: Gallery) -> None:
    """Write the clip, and the annotated picture if it shows a face, to be looked at."""
    clip.seek(0)
    stem.with_suffix(".mp4").write_bytes(clip.read())
    if jpeg := annotated_picture(finding, {name: name for name in gallery.student_ids}):
        stem.with_suffix(".jpg").write_bytes(jpeg)


@click.command()
@data_option("lfw")
@json_option
@click.option("--clips", type=click.IntRange(min=1), default=12, show_default=True, help="How many clips to make.")
@click.option("--seed", type=int, default=7, show_default=True, help="Equal seeds make equal clips.")
@folder_option("--pictures", "Keep the clips and our annotated pictures there.")
def main(data: Path, json: Path | None, clips: int, seed: int, pictures: Path | None) -> None:
    """Make clips of the people in DIR and count who is found, named rightly and named wrongly."""
    from recognition.bootstrap import identifier

    photographs = find_photographs(data)
    probes = [file for files in photographs.probe.values() for file in files]
    faces = single_faces([*probes, *photographs.strangers], identifier().detector)
    made = scenes(*usable(photographs, faces), clips, np.random.default_rng(seed))
    found = embed_faces([file for files in photographs.enrol.values() for file in files], identifier())
    templates = [(name, found[file]) for name, files in photographs.enrol.items() for file in files if file in found]
    figures = measure(made, faces, templates, seed, pictures)
    counts = "{clips} clips, {faces} faces: {enrolled_shown} of {students} enrolled, {strangers_shown} of strangers"
    Console().print(counts.format(**figures), table(figures), size_table(figures))
    write_figures(json, figures)


if __name__ == "__main__":
    main(prog_name="scripts/bench.sh rollcall")
