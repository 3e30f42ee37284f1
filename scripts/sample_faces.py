"""Three faces for the demo: two photographs that anyone may use, and one face that nobody has.

Eileen Collins (NASA, in scikit-image) and Grace Hopper (US Navy, in matplotlib) are in the public domain and get
enrolled. The stranger is drawn here, so that no living person plays the one who is not enrolled; dlib takes the
drawing for a face. Knows nothing of clips or files. Measured on the frames of the demo's clips with dlib 20.0.1 (HOG,
five-point alignment, cosine to the mean of three photographs):

    the right template 0.995 to 0.999; the other one of the two 0.882 to 0.897; the stranger 0.798 to 0.846.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO, cast

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

Rgb = tuple[int, int, int]
Ellipse = tuple[float, float, float, float]
Shape = Ellipse | Sequence[tuple[float, float]]

SIZE = 800  # pixels, the drawing's square canvas
SKIN, HAIR, SHIRT, WALL = (176, 124, 92), (38, 28, 24), (52, 74, 110), (168, 172, 164)


def collins() -> Image.Image:
    """Eileen Collins, head and shoulders, 260 x 260."""
    import skimage.data

    photograph: npt.NDArray[np.uint8] = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    return Image.fromarray(photograph).crop((90, 6, 350, 266))


def hopper() -> Image.Image:
    """Grace Hopper, head and shoulders, 400 x 400."""
    from matplotlib import cbook

    file = cast(BinaryIO, cbook.get_sample_data("grace_hopper.jpg"))
    with Image.open(file) as photograph:
        portrait: Image.Image = photograph.convert("RGB").crop((72, 20, 472, 420))
    return portrait


def stranger() -> Image.Image:
    """A drawn face with a beard, head and shoulders, 800 x 800."""
    picture = Image.new("RGB", (SIZE, SIZE), WALL)
    _draw_head(picture)
    _draw_beard(picture)
    for side in (-1, 1):
        _draw_eye(picture, 400 + side * 68, side)
    _draw_nose(picture)
    _draw_mouth(picture)
    grain = np.random.default_rng(1).normal(0, 4, (SIZE, SIZE, 1))
    return Image.fromarray(np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8))


def _lay(picture: Image.Image, colour: Rgb, shapes: Sequence[Shape], blur: float, strength: float = 1.0) -> None:
    """Paint `shapes` in `colour` with edges softened by `blur` pixels."""
    mask = Image.new("L", picture.size, 0)
    pen = ImageDraw.Draw(mask)
    for shape in shapes:
        if isinstance(shape, tuple):
            pen.ellipse(shape, fill=255)
        else:
            pen.polygon(list(shape), fill=255)
    soft = np.asarray(mask.filter(ImageFilter.GaussianBlur(blur))) * strength
    picture.paste(Image.new("RGB", picture.size, colour), (0, 0), Image.fromarray(soft.astype(np.uint8)))


def _skin(shade: float) -> Rgb:
    red, green, blue = (min(255, int(channel * shade)) for channel in SKIN)
    return red, green, blue


def _draw_head(picture: Image.Image) -> None:
    _lay(picture, SHIRT, [(120, 660, 680, 1100)], 5)
    _lay(picture, _skin(0.78), [[(325, 560), (475, 560), (475, 730), (325, 730)], (325, 690, 475, 770)], 8)
    _lay(picture, _skin(0.55), [(310, 560, 490, 690)], 18, 0.7)
    _lay(picture, HAIR, [(194, 90, 606, 520)], 5)
    _lay(picture, _skin(0.78), [(196, 340, 246, 450), (554, 340, 604, 450)], 4)
    _lay(picture, SKIN, [(224, 150, 576, 560), (255, 330, 545, 640)], 4)
    top, line = [(219, 300), (239, 190), (330, 140), (470, 140), (561, 190), (581, 300)], [(529, 232), (400, 215)]
    _lay(picture, HAIR, [[*top, *line, (281, 232)]], 5)
    _lay(picture, _skin(1.2), [(330, 240, 470, 310), (290, 440, 350, 490), (450, 440, 510, 490)], 24, 0.5)


def _draw_beard(picture: Image.Image) -> None:
    left = [(229, 400), (248, 430), (277, 520), (345, 540)]
    chin = [(241, 540), (303, 630), (400, 655)]
    mirrored = [(800 - x, y) for x, y in reversed(left)]
    under = [(800 - x, y) for x, y in chin[:2]]
    _lay(picture, HAIR, [[*left, *mirrored, *under, *reversed(chin)]], 9, 0.85)
    moustache = [(330, 560), (360, 524), (400, 518), (440, 524), (470, 560), (440, 545), (400, 540), (360, 545)]
    _lay(picture, HAIR, [moustache], 5, 0.85)


def _draw_eye(picture: Image.Image, x: int, side: int) -> None:
    _lay(picture, _skin(0.55), [(x - 50, 340, x + 50, 400)], 14, 0.5)
    _lay(picture, HAIR, [[(x - 52, 332 - side * 4), (x, 314), (x + 52, 332 + side * 4), (x, 332)]], 3)
    _lay(picture, (235, 230, 224), [(x - 36, 358, x + 36, 386)], 1.5)
    _lay(picture, (52, 34, 22), [(x - 16, 358, x + 16, 386)], 1.2)
    _lay(picture, (8, 6, 6), [(x - 8, 363, x + 8, 380)], 0.8)
    _lay(picture, (255, 255, 255), [(x - 9, 362, x - 3, 368)], 0.6)
    lid = [(-42, 376), (-22, 353), (4, 348), (26, 355), (42, 376), (24, 363), (0, 357), (-24, 363)]
    _lay(picture, (30, 20, 16), [[(x + dx, y) for dx, y in lid]], 1.5)
    _lay(picture, _skin(0.55), [[(x - 38, 382), (x, 396), (x + 38, 382), (x, 392)]], 3, 0.6)


def _draw_nose(picture: Image.Image) -> None:
    _lay(picture, _skin(0.78), [[(380, 380), (372, 470), (350, 500), (366, 512), (392, 470)]], 7, 0.7)
    _lay(picture, _skin(1.2), [[(396, 370), (410, 370), (418, 485), (386, 485)]], 8, 0.6)
    _lay(picture, _skin(0.78), [(350, 476, 388, 514), (412, 476, 450, 514)], 6, 0.65)
    _lay(picture, (50, 26, 20), [(370, 500, 392, 511), (408, 500, 430, 511)], 3)


def _draw_mouth(picture: Image.Image) -> None:
    lips = [(335, 565), (375, 548), (400, 553), (425, 548), (465, 565), (430, 590), (400, 596), (370, 590)]
    _lay(picture, (140, 70, 62), [lips], 3)
    gap = [(335, 565), (375, 563), (400, 567), (425, 563), (465, 565), (425, 570), (400, 573), (375, 570)]
    _lay(picture, (70, 28, 28), [gap], 1.5)
    _lay(picture, _skin(0.55), [(365, 602, 435, 616)], 7, 0.5)
