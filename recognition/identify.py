"""One opened clip to verdicts: sample, look, embed, link, vote.

Knows neither S3 nor students' names. The same code runs in the function and on the command line.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import BinaryIO, Protocol

from recognition.decode import open_clip
from recognition.detect import DETECTORS
from recognition.faces import Frame
from recognition.gallery import Gallery
from recognition.sample import sample_times
from recognition.stopwatch import Stopwatch
from recognition.viewing import FaceDetector, FaceEmbedder, Viewing
from recognition.vote import Verdict


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """What a clip shows: the frames looked at, who was seen, the answer for each face, and what looked for faces."""

    frames: tuple[Frame, ...]
    verdicts: tuple[Verdict, ...]
    detector: str = "hog"

    def without(self, student_ids: frozenset[str]) -> Finding:
        """The same, with these students' faces unknown (no row, no valid consent)."""
        return replace(
            self,
            verdicts=tuple(
                replace(verdict, answer="unknown")
                if verdict.match and verdict.match.student_id in student_ids
                else verdict
                for verdict in self.verdicts
            ),
        )


class Identifies(Protocol):
    """What the pipeline needs of an `Identifier`."""

    def identify(self, file: BinaryIO, gallery: Gallery, watch: Stopwatch) -> Finding:
        """Look through the clip in `file` (seekable). Raises `ClipRejected` if it is no readable clip."""
        ...


@dataclass(frozen=True, slots=True)
class Identifier:
    """The models, which of the `DETECTORS` to use, and the way from a clip to a finding."""

    detector: FaceDetector
    embedder: FaceEmbedder
    using: str = "hog"

    def identify(self, file: BinaryIO, gallery: Gallery, watch: Stopwatch) -> Finding:
        """Look through the clip in `file` (seekable). Raises `ClipRejected` if it is no readable clip."""
        viewing = Viewing(self.detector, self.embedder, gallery, watch, DETECTORS[self.using])
        with ExitStack() as stack:
            with watch("decode"):
                clip = stack.enter_context(open_clip(file))
                single_shot = bool(clip.single_shot)
            viewing.look_through(clip.frames(sample_times(clip.duration_s)), single_shot=single_shot)
        return Finding(tuple(viewing.frames), tuple(viewing.verdicts()), self.using)
