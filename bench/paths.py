"""The two paths from a made clip to answers: ours and the plain one, and what each has earned and spent so far.

The surprising rule: the plain path gets its frame from our decoder, so that the comparison is of what is done with a
frame and of how many are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, TypeAlias

from bench.identify import CUSTOMARY_DISTANCE, first_within
from bench.marks import Answer, Marks
from bench.spent import cpu_s
from recognition.decode import open_clip
from recognition.faces import Box, Embedding
from recognition.gallery import Gallery, make_gallery
from recognition.identify import Finding

Templates: TypeAlias = Sequence[tuple[str, Embedding]]
"""Each enrolment photograph's student and embedding, in the order of the folder."""


@dataclass(slots=True)
class Tally:
    """One path's marks and CPU seconds so far."""

    marks: Marks = field(default_factory=Marks)
    cpu_s: float = 0.0

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Count the CPU seconds of this process and its children."""
        start = cpu_s()
        yield
        self.cpu_s += cpu_s() - start

    def figures(self, clips: int) -> dict[str, object]:
        """The marks' figures, and CPU seconds a clip."""
        return {**self.marks.figures(), "cpu_s_per_clip": round(self.cpu_s / clips, 3)}


def answers_of(finding: Finding) -> list[Answer]:
    """What our path says, an answer for each person it saw."""
    return [
        Answer(verdict.student_id, tuple((sighting.time_s, sighting.box) for sighting in verdict.track.sightings))
        for verdict in finding.verdicts
    ]


def by_face_recognition(clip: BinaryIO, templates: Templates) -> list[Answer]:
    """The customary code: its defaults on the first frame, the first photograph within 0.6."""
    import face_recognition

    with open_clip(clip) as opened:
        frame = next(opened.frames([0.0]))
    places = face_recognition.face_locations(frame.rgb)
    faces = face_recognition.face_encodings(frame.rgb, places)
    return [
        Answer(first_within(face, templates, CUSTOMARY_DISTANCE), ((frame.time_s, Box(left, top, right, bottom)),))
        for (top, right, bottom, left), face in zip(places, faces, strict=True)
    ]


def enrolled(templates: Templates) -> Gallery:
    """Our gallery of the same photographs."""
    faces: dict[str, list[Embedding]] = {}
    for name, face in templates:
        faces.setdefault(name, []).append(face)
    return make_gallery(faces)
