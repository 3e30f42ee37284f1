"""Makes the demo's material: OUT/photographs/<student_id>/ and OUT/clips/, the same pixels on every run.

    python scripts/sample_clips.py OUT [--sessions]

Knows nothing of recognition or of a cloud. The surprising rule: one clip is broken on purpose (`truncated.mp4` ends
before its index), because a pipeline is judged by what it does with that one.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps
from sample_faces import collins, hopper, stranger

WIDTH, HEIGHT, RATE, SECONDS = 1280, 720, 15, 3
WOOD, PAINT, CHALK = (150, 112, 76), (206, 204, 192), (188, 200, 190)
STUDENTS = {
    "eileen_collins": ("Eileen Collins", "mathematics and economics", "senior"),
    "grace_hopper": ("Grace Hopper", "mathematics and physics", "junior"),
}
# What each clip must come out as: the outcome and the students, in any order.
EXPECTED: dict[str, tuple[str, tuple[str, ...]]] = {
    "collins.mp4": ("recognised", ("eileen_collins",)),
    "hopper.mp4": ("recognised", ("grace_hopper",)),
    "both of them.mp4": ("recognised", ("eileen_collins", "grace_hopper")),
    "stranger.mp4": ("unknown", ()),
    "empty room.mp4": ("no_face", ()),
    "truncated.mp4": ("rejected", ()),
}
SECTION = "cse546"
# With --sessions: in which of the section's sessions each clip was recorded.
SESSIONS = {
    "2026-11-23T0900": ("collins.mp4", "empty room.mp4", "stranger.mp4", "truncated.mp4"),
    "2026-11-25T0900": ("hopper.mp4", "both of them.mp4"),
}


@dataclass(frozen=True, slots=True)
class Sitter:
    """A portrait in the room: its centre and side in pixels, and where in its sway it starts, in turns."""

    portrait: Image.Image
    x: float
    y: float
    side: int
    phase: float = 0.0


def make_samples(out: Path, sessions: bool = False) -> None:
    """Write the photographs of two students and six clips under `out`, over whatever is there.

    With `sessions` the students are a section's, and the clips lie in clips/<section>/<session>/.
    """
    people = {"eileen_collins": collins(), "grace_hopper": hopper()}
    for student_id, portrait in people.items():
        record: dict[str, object] = dict(zip(("name", "major", "year"), STUDENTS[student_id], strict=True))
        sections = {"sections": [SECTION]} if sessions else {}
        _write_photographs(out / "photographs" / student_id, portrait, record | sections)
    (clips := out / "clips").mkdir(parents=True, exist_ok=True)
    eileen, grace = people.values()
    scenes: dict[str, list[Sitter]] = {
        "collins.mp4": [Sitter(eileen, 640, 330, 440)],
        "hopper.mp4": [Sitter(grace, 600, 330, 440, 0.3)],
        "both of them.mp4": [Sitter(eileen, 360, 340, 400), Sitter(grace, 900, 330, 400, 0.5)],
        "stranger.mp4": [Sitter(stranger(), 680, 330, 440, 0.6)],
        "empty room.mp4": [],
    }
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda name: write_clip(clips / name, scenes[name]), scenes))
    whole = (clips / "hopper.mp4").read_bytes()
    (clips / "truncated.mp4").write_bytes(whole[: len(whole) * 2 // 3])
    if sessions:
        _sort_into_sessions(clips)


def _sort_into_sessions(clips: Path) -> None:
    for session, names in SESSIONS.items():
        (folder := clips / SECTION / session).mkdir(parents=True, exist_ok=True)
        for name in names:
            (clips / name).replace(folder / name)


def _write_photographs(folder: Path, portrait: Image.Image, record: Mapping[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    large = portrait.resize((600, 600), Image.Resampling.LANCZOS)
    tilted = large.rotate(4, Image.Resampling.BICUBIC).crop((40, 40, 560, 560))
    variants = (large, ImageOps.mirror(ImageEnhance.Brightness(large).enhance(1.12)), tilted)
    for number, picture in enumerate(variants, 1):
        picture.save(folder / f"{number}.jpg", quality=92)
    (folder / "student.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def write_clip(path: Path, sitters: Sequence[Sitter]) -> None:
    """An H.264 clip of three seconds, a key frame each second, its index at the end of the file."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "21", "g": str(RATE)})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.thread_count = 1  # the encoder's output depends on the number of its threads
        stream.time_base = Fraction(1, RATE)
        for picture in _frames(sitters):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")))
        container.mux(stream.encode())


def _frames(sitters: Sequence[Sitter]) -> Iterator[Image.Image]:
    room, desk, oval = _room(), _desk(), _oval()
    grains = [np.random.default_rng(seed).integers(-2, 3, (HEIGHT, WIDTH, 1), np.int16) for seed in range(3)]
    for number in range(RATE * SECONDS):
        picture = room.copy()
        for sitter in sitters:
            _seat(picture, sitter, oval, number / (RATE * SECONDS))
        picture.paste(desk, (0, HEIGHT - desk.height))
        yield Image.fromarray(np.clip(np.asarray(picture) + grains[number % 3], 0, 255).astype(np.uint8))


def _seat(picture: Image.Image, sitter: Sitter, oval: Image.Image, time: float) -> None:
    """Paste a portrait, swaying by some sixty pixels and breathing by three per cent; `time` is 0 to 1."""
    turn = 2 * math.pi * (time + sitter.phase)
    side = round(sitter.side * (1 + 0.03 * math.cos(turn)))
    left, top = sitter.x + 60 * math.sin(turn) - side / 2, sitter.y + 8 * math.sin(2 * turn) - side / 2
    portrait = sitter.portrait.resize((side, side), Image.Resampling.LANCZOS)
    picture.paste(portrait, (round(left), round(top)), oval.resize((side, side)))


def _oval() -> Image.Image:
    mask = Image.new("L", (400, 400), 0)
    ImageDraw.Draw(mask).rounded_rectangle((22, 14, 378, 440), radius=150, fill=255)
    return mask.filter(ImageFilter.GaussianBlur(9))


def _room() -> Image.Image:
    shade = np.linspace(1.0, 0.82, HEIGHT)[:, None, None] * np.linspace(0.94, 1.0, WIDTH)[None, :, None]
    picture = Image.fromarray((shade * PAINT).astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((70, 50, 1210, 400), fill=(46, 74, 62), outline=(124, 92, 60), width=14)
    pen.text((110, 80), "Cloud computing", font=ImageFont.load_default(38), fill=CHALK)
    pen.text((110, 136), "clip  >  queue  >  function  >  roll call", font=ImageFont.load_default(26), fill=CHALK)
    return picture.filter(ImageFilter.GaussianBlur(1.2))


def _desk() -> Image.Image:
    return Image.fromarray((np.linspace(1.0, 0.7, 190)[:, None, None] * np.full((1, WIDTH, 3), WOOD)).astype(np.uint8))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Make the demo's photographs and clips from public-domain faces.")
    parser.add_argument("out", type=Path, help="folder for photographs/ and clips/; made when it is missing")
    parser.add_argument(
        "--sessions", action="store_true", help=f"two sessions of the section {SECTION}, for a roll call"
    )
    asked = parser.parse_args()
    out: Path = asked.out
    try:
        make_samples(out, asked.sessions)
    except KeyboardInterrupt:
        sys.exit(130)
    print(f"{len(EXPECTED)} clips and the photographs of {len(STUDENTS)} students in {out}")


if __name__ == "__main__":
    main()
