"""A room full of things and empty of faces: shelves of books, posters, windows and desks, drawn at random."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from bench.scene import HEIGHT, WIDTH

Edges = tuple[int, int, int, int]


def empty_room(rng: np.random.Generator) -> Image.Image:
    """An RGB picture of 1920 x 1080; equal states of `rng` give equal rooms."""
    picture = Image.fromarray(_wall(rng))
    pen = ImageDraw.Draw(picture)
    things = (_shelf, _poster, _window)
    for left in range(20, WIDTH - 300, 380):
        for top in (30, 400):
            edges = (left, top, left + int(rng.integers(240, 350)), top + int(rng.integers(230, 330)))
            things[int(rng.integers(len(things)))](pen, edges, rng)
    for top in (770, 920):
        _desks(pen, top, rng)
    return picture.filter(ImageFilter.GaussianBlur(1.0))


def _wall(rng: np.random.Generator) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Light falls off to one side, and the plaster is rough."""
    light = np.linspace(1.0, float(rng.uniform(0.65, 0.9)), WIDTH)[None, :, None]
    rough = rng.normal(1.0, 0.015, (HEIGHT, WIDTH, 1))
    return np.asarray(np.clip(light * rough * rng.uniform(140, 215, 3), 0, 255), dtype=np.uint8)


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = (int(level) for level in rng.integers(30, 225, 3))
    return red, green, blue


def _shelf(pen: ImageDraw.ImageDraw, edges: Edges, rng: np.random.Generator) -> None:
    left, top, right, bottom = edges
    pen.rectangle(edges, fill=(92, 66, 44))
    for board in range(top + 8, bottom - 60, 76):
        x = left + 8
        while x < right - 30:
            width, height = int(rng.integers(8, 26)), int(rng.integers(44, 66))
            pen.rectangle((x, board + 68 - height, x + width, board + 68), fill=_colour(rng), outline=(30, 24, 20))
            x += width + 1


def _poster(pen: ImageDraw.ImageDraw, edges: Edges, rng: np.random.Generator) -> None:
    left, top, right, bottom = edges
    pen.rectangle(edges, fill=_colour(rng), outline=(240, 240, 235), width=6)
    for y in range(top + 24, bottom - 16, 22):
        pen.line((left + 20, y, int(rng.integers(left + 60, right - 20)), y), fill=(235, 232, 220), width=6)


def _window(pen: ImageDraw.ImageDraw, edges: Edges, rng: np.random.Generator) -> None:
    left, top, right, bottom = edges
    pen.rectangle(edges, fill=(206, 224, 236), outline=(245, 245, 240), width=12)
    for x in range(left + 30, right, 46):
        height = int(rng.integers(40, bottom - top - 20))
        pen.rectangle((x, bottom - height, x + 30, bottom - 12), fill=_colour(rng))
    pen.line(((left + right) // 2, top, (left + right) // 2, bottom), fill=(245, 245, 240), width=10)


def _desks(pen: ImageDraw.ImageDraw, top: int, rng: np.random.Generator) -> None:
    for left in range(int(rng.integers(-80, 0)), WIDTH, 420):
        pen.polygon(
            [(left + 30, top), (left + 370, top), (left + 400, top + 60), (left, top + 60)], fill=(150, 112, 76)
        )
        pen.rectangle((left + 20, top + 60, left + 380, top + 74), fill=(104, 76, 50))
        for x in (left + 40, left + 345):
            pen.rectangle((x, top + 74, x + 14, top + 150), fill=(70, 70, 74))
        paper = left + int(rng.integers(80, 260))
        pen.rectangle((paper, top + 14, paper + 70, top + 46), fill=(240, 240, 236))
