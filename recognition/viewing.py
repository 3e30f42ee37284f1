"""One clip being looked through: its frames so far, the faces found in them, and how closely to look for more.

Knows neither S3 nor students' names. The surprising rule: the cheap look comes first in every frame, and what it leaves
open decides whether more frames and closer looks follow. `enough` has the rules; this module carries them out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from recognition.detect import Look
from recognition.enough import CLOSEST_FRAMES, beyond_doubt, near, spread
from recognition.faces import Box, Detection, Embedding, Frame, Grey, Landmarks, Rgb, Sighting, distinct, unit
from recognition.gallery import Gallery
from recognition.quality import quality_of
from recognition.stopwatch import Stopwatch
from recognition.track import link
from recognition.vote import Verdict, decide


class FaceDetector(Protocol):
    def detect(self, rgb: Rgb, look: Look, reduced: Grey | None = None) -> list[Detection]: ...


class FaceEmbedder(Protocol):
    def landmarks(self, rgb: Rgb, box: Box) -> Landmarks: ...

    def embed(self, rgb: Rgb, box: Box, landmarks: Landmarks | None = None) -> Embedding: ...


class Viewing:
    """The faces of one clip, found and embedded frame by frame. `looks` go from the cheapest to the closest."""

    def __init__(
        self,
        detector: FaceDetector,
        embedder: FaceEmbedder,
        gallery: Gallery,
        watch: Stopwatch,
        looks: Sequence[Look],
    ) -> None:
        self._detector, self._embedder = detector, embedder
        self._gallery, self._watch = gallery, watch
        self._looks = looks
        self._done: set[tuple[int, Look]] = set()
        self.frames: list[Frame] = []
        self.sightings: list[Sighting] = []

    def verdicts(self) -> list[Verdict]:
        """Who was seen, judged from all frames so far."""
        with self._watch("match"):
            return decide(link(self.sightings), self._gallery)

    def look_through(self, frames: Iterable[Frame], *, single_shot: bool) -> None:
        """Take the frames one by one; in a `single_shot` stop as soon as whoever is there is beyond doubt."""
        arriving = iter(frames)
        while (frame := self._next(arriving)) is not None:
            self.frames.append(frame)
            number = len(self.frames) - 1
            self._look(number, self._looks[0])
            if single_shot and self._settled(number):
                return
        self._look_closer(single_shot)

    def _next(self, arriving: Iterator[Frame]) -> Frame | None:
        with self._watch("decode"):
            return next(arriving, None)

    def _settled(self, number: int) -> bool:
        """Whether one person is there and identified beyond doubt, and nobody else is behind."""
        verdicts = self.verdicts()
        if len(verdicts) != 1 or not beyond_doubt(verdicts[0], self._gallery):
            return False
        return near(self.sightings, self.frames) or not self._look(number, self._looks[1])

    def _look_closer(self, single_shot: bool) -> None:
        """While nobody is found, look closer in every frame; where there may be more people, in some frames.

        Behind somebody near there may be a class: longer clips get one closest look all the same.
        """
        every, some = range(len(self.frames)), spread(CLOSEST_FRAMES, len(self.frames))
        for look in self._looks[1:]:
            if not self.sightings:
                self._look_at(every if look.by == "hog" else some, look)
        closest = [look for look in self._looks if look.by == "hog"][-1]
        if self.sightings and not single_shot:
            self._look_at(some[len(some) // 2 :][:1], closest)
        if not near(self.sightings, self.frames):
            self._look_at(some, closest)

    def _look_at(self, numbers: Sequence[int], look: Look) -> None:
        for number in numbers:
            self._look(number, look)

    def _look(self, number: int, look: Look) -> int:
        """Look at one frame, once; returns how many faces were new. Those found before are not embedded again."""
        if (number, look) in self._done:
            return 0
        self._done.add((number, look))
        frame = self.frames[number]
        with self._watch("detect"):
            known = [sighting.box for sighting in self.sightings if sighting.frame == number]
            found = distinct(self._detector.detect(frame.rgb, look, frame.grey), known)
        with self._watch("embed"):
            self.sightings += [self._sighting(number, frame, face) for face in found]
        return len(found)

    def _sighting(self, number: int, frame: Frame, face: Detection) -> Sighting:
        landmarks = self._embedder.landmarks(frame.rgb, face.box)
        embedding = unit(self._embedder.embed(frame.rgb, face.box, landmarks))
        quality = quality_of(frame.rgb, face.box, landmarks).score
        return Sighting(number, frame.time_s, face.box, face.confidence, embedding, quality)
