"""A scene as a clip: 1080p H.264 in memory, people swaying in a busy room without any other face.

The surprising rule: one encoder thread only, because what x264 writes depends on the number of its threads and the
clips of one seed shall be the same bytes on every machine with the same libraries.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops

from bench.portraits import cut_out
from bench.room import empty_room
from bench.scene import HEIGHT, WIDTH, Scene, Shown
from recognition.faces import Box

RATE = 15
GRAIN = 7  # grey levels of sensor noise, from the darkest to the brightest


def film(scene: Scene, faces: Mapping[Path, Box], rng: np.random.Generator) -> io.BytesIO:
    """The clip's MP4 file, at its start. `faces` gives the face's box in each photograph of the cast."""
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        options = {"preset": "veryfast", "crf": "21"}
        stream = container.add_stream("libx264", rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.thread_count, stream.time_base, stream.gop_size = 1, Fraction(1, RATE), 2 * RATE
        for picture in _pictures(scene, faces, rng):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")))
        container.mux(stream.encode())
    file.seek(0)
    return file


def _pictures(scene: Scene, faces: Mapping[Path, Box], rng: np.random.Generator) -> Iterator[Image.Image]:
    room = empty_room(rng)
    grains = [Image.fromarray(rng.integers(0, GRAIN, (HEIGHT, WIDTH, 3), np.uint8)) for _ in range(3)]
    cast = [
        (shown, cut_out(shown.person.photograph, faces[shown.person.photograph], shown.face_px)) for shown in scene.cast
    ]
    for number in range(round(scene.seconds * RATE)):
        picture = room.copy()
        for shown, person in cast:
            _seat(picture, shown, person, number / RATE)
        yield ImageChops.add(picture, grains[number % len(grains)], offset=-(GRAIN // 2))


def _seat(picture: Image.Image, shown: Shown, person: Image.Image, time_s: float) -> None:
    if shown.visible(time_s):
        face = shown.face(time_s)
        middle = ((face.left + face.right + 1) // 2, (face.top + face.bottom + 1) // 2)
        picture.paste(person, (middle[0] - person.width // 2, middle[1] - person.height // 2), person)
