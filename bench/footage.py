"""A scene as a clip: 1080p H.264 in memory, people swaying in a busy room without any other face.

The surprising rule: one encoder thread only, because what x264 writes depends on the number of its threads and the
clips of one seed shall be the same bytes on every machine with the same libraries.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops

from bench.portraits import cut_out
from bench.room import empty_room
from bench.scene import HEIGHT, WIDTH, Scene, Shown
from recognition.faces import Box

GRAIN = 7  # grey levels of sensor noise, from the darkest to the brightest


@dataclass(frozen=True, slots=True)
class Video:
    """Frames a second, seconds between key frames, and x264's own options."""

    rate: int
    key_frame_s: int
    options: Mapping[str, str] = field(default_factory=dict)


ROLL_CALL = Video(15, 2, {"preset": "veryfast", "crf": "21"})


def film(scene: Scene, faces: Mapping[Path, Box], rng: np.random.Generator) -> io.BytesIO:
    """The clip's MP4 file, at its start. `faces` gives the face's box in each photograph of the cast."""
    return write_video(pictures(scene, faces, ROLL_CALL.rate, rng), ROLL_CALL)


def write_video(shots: Iterable[Image.Image], video: Video) -> io.BytesIO:
    """The pictures, all of 1920 x 1080, as an MP4 file in memory, at its start."""
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=video.rate, options=dict(video.options))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.thread_count, stream.time_base = 1, Fraction(1, video.rate)
        stream.gop_size = video.key_frame_s * video.rate
        for shot in shots:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(shot), format="rgb24")))
        container.mux(stream.encode())
    file.seek(0)
    return file


def pictures(scene: Scene, faces: Mapping[Path, Box], rate: int, rng: np.random.Generator) -> Iterator[Image.Image]:
    """The scene's pictures, `rate` a second, RGB, 1920 x 1080."""
    room = empty_room(rng)
    grains = [Image.fromarray(rng.integers(0, GRAIN, (HEIGHT, WIDTH, 3), np.uint8)) for _ in range(3)]
    cast = [(each, cut_out(each.person.photograph, faces[each.person.photograph], each.face_px)) for each in scene.cast]
    for number in range(round(scene.seconds * rate)):
        picture = room.copy()
        for shown, person in cast:
            _seat(picture, shown, person, number / rate)
        yield ImageChops.add(picture, grains[number % len(grains)], offset=-(GRAIN // 2))


def _seat(picture: Image.Image, shown: Shown, person: Image.Image, time_s: float) -> None:
    if shown.visible(time_s):
        face = shown.face(time_s)
        middle = ((face.left + face.right + 1) // 2, (face.top + face.bottom + 1) // 2)
        picture.paste(person, (middle[0] - person.width // 2, middle[1] - person.height // 2), person)
