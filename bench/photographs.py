"""The photographs of enrolled people, of their probes and of strangers, and the embedding of each central face.

Shared by `identify` and `threshold`. The surprising rule: of several faces in a photograph the one nearest the
picture's centre counts, because these photographs are named after the person in the middle; enrolment in the product
refuses such a photograph instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from bench.command import require
from recognition.calibration.strangers import central_face
from recognition.faces import Embedding
from recognition.identify import Identifier
from recognition.photograph import SUFFIXES, read_photograph

LAYOUT = {
    "enrol": "enrol/PERSON/*.jpg, the photographs each person is enrolled with",
    "probe": "probe/PERSON/*.jpg, other photographs of the same people",
    "strangers": "strangers/*.jpg, people who are not enrolled, one photograph each",
}


@dataclass(frozen=True, slots=True)
class Photographs:
    """The files, by person where there is one, each list in order of name."""

    enrol: dict[str, list[Path]]
    probe: dict[str, list[Path]]
    strangers: list[Path]

    @property
    def files(self) -> list[Path]:
        """All of them."""
        named = [file for people in (self.enrol, self.probe) for files in people.values() for file in files]
        return named + self.strangers


def find_photographs(folder: Path) -> Photographs:
    """The photographs in `folder`. Raises `click.UsageError` for a folder of another layout, or an empty one."""
    require(folder, LAYOUT)
    found = Photographs(_people(folder / "enrol"), _people(folder / "probe"), _photographs_in(folder / "strangers"))
    if not (found.enrol and found.probe and found.strangers):
        raise click.UsageError(f"{folder}: enrol/, probe/ and strangers/ must each hold photographs")
    if unknown := sorted(found.probe.keys() - found.enrol.keys()):
        raise click.UsageError(f"{folder}/probe holds people who are not in enrol/: {', '.join(unknown)}")
    return found


def embed_faces(files: Sequence[Path], identifier: Identifier) -> dict[Path, Embedding]:
    """The embedding (128,), not scaled, of each file's central face; a file without any face is left out.

    Draws a progress bar on stderr. Raises `EnrolmentError` for a file that is no photograph.
    """
    embeddings: dict[Path, Embedding] = {}
    with Progress(console=Console(stderr=True)) as progress:
        for file in progress.track(files, description="embedding"):
            rgb = read_photograph(file)
            if face := central_face(rgb, identifier):
                embeddings[file] = identifier.embedder.embed(rgb, face.box)
    return embeddings


def _people(folder: Path) -> dict[str, list[Path]]:
    people = {each.name: _photographs_in(each) for each in sorted(folder.iterdir()) if each.is_dir()}
    return {name: files for name, files in people.items() if files}


def _photographs_in(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
