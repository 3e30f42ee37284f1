"""One opened clip to verdicts: sample, detect (closer only while nobody is found), embed, link, vote.

Knows neither S3 nor students' names. The same code runs in the function and on the command line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, Protocol

from recognition.decode import open_clip
from recognition.detect import LOOKS, Look
from recognition.faces import Box, Detection, Embedding, Frame, Rgb, Sighting, unit
from recognition.gallery import Gallery
from recognition.sample import sample_times
from recognition.stopwatch import Stopwatch
from recognition.track import link
from recognition.vote import Verdict, decide


class FaceDetector(Protocol):
    def detect(self, rgb: Rgb, look: Look) -> list[Detection]: ...


class FaceEmbedder(Protocol):
    def embed(self, rgb: Rgb, box: Box) -> Embedding: ...


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """What a clip shows: the frames looked at, who was seen, and whether each face was named."""

    frames: tuple[Frame, ...]
    verdicts: tuple[Verdict, ...]

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


@dataclass(frozen=True, slots=True)
class Identifier:
    """The two models, and the way from a clip to a finding."""

    detector: FaceDetector
    embedder: FaceEmbedder

    def identify(self, file: BinaryIO, gallery: Gallery, watch: Stopwatch) -> Finding:
        """Look through the clip in `file` (seekable). Raises `ClipRejected` if it is no readable clip."""
        with watch("decode"), open_clip(file) as clip:
            frames = tuple(clip.frames(sample_times(clip.duration_s)))
        with watch("detect"):
            detections = self._detect(frames)
        with watch("embed"):
            sightings = [self._sighting(n, frames[n], found) for n, found in detections]
        with watch("match"):
            return Finding(frames, tuple(decide(link(sightings), gallery)))

    def _detect(self, frames: Sequence[Frame]) -> list[tuple[int, Detection]]:
        """Every face as (frame number, detection), from the cheapest look that shows anybody."""
        for look in LOOKS:
            found = [(n, face) for n, frame in enumerate(frames) for face in self.detector.detect(frame.rgb, look)]
            if found:
                return found
        return []

    def _sighting(self, number: int, frame: Frame, face: Detection) -> Sighting:
        embedding = unit(self.embedder.embed(frame.rgb, face.box))
        return Sighting(number, frame.time_s, face.box, face.confidence, embedding)
