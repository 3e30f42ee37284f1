"""The picture that shows who was found where and how sure the system is, drawn with Pillow.

Identified faces get their name and similarity in green, uncertain ones the name with a question mark in amber, unknown
faces a grey box; each has the number that the decision gives it, by which a person may correct it. A label gives way to
faces and to other labels while there is room.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from recognition.faces import Box
from recognition.identify import Finding
from recognition.vote import Answer, Verdict

MAX_WIDTH = 1280
NAMED = (22, 163, 74)
UNCERTAIN = (180, 95, 6)
UNKNOWN = (110, 110, 110)
COLOURS: Mapping[Answer, tuple[int, int, int]] = {"identified": NAMED, "uncertain": UNCERTAIN, "unknown": UNKNOWN}
INK = (255, 255, 255)
QUALITY = 85
PADDING = 4


@dataclass(frozen=True, slots=True)
class Mark:
    """The face numbered `number`, in the pixels of the reduced picture. `name` is empty for an unknown face.

    `tail` is what follows the name however short it must be: the doubt and the similarity.
    """

    number: int
    box: Box
    name: str
    tail: str
    answer: Answer


def annotated_picture(finding: Finding, names: Mapping[str, str]) -> bytes | None:
    """A JPEG of the frame that shows most of the people seen; None when the clip shows no face.

    `names` gives the name to write for each student id that may be named, surely or with a question mark.
    """
    frame = _fullest_frame(finding)
    if frame is None:
        return None
    picture = Image.fromarray(finding.frames[frame].rgb)
    scale = min(1.0, MAX_WIDTH / picture.width)
    picture = picture.resize((round(picture.width * scale), round(picture.height * scale)))
    numbered = enumerate(finding.verdicts, start=1)
    _draw(picture, [mark for number, verdict in numbered for mark in _marks(number, verdict, frame, scale, names)])
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def _fullest_frame(finding: Finding) -> int | None:
    """The frame with most identified faces, then most faces, then the largest ones."""

    def worth(frame: int) -> tuple[int, int, int]:
        seen = [(v.student_id, s.box.area) for v in finding.verdicts for s in v.track.sightings if s.frame == frame]
        return sum(student is not None for student, _ in seen), len(seen), sum(area for _, area in seen)

    frames = {sighting.frame for verdict in finding.verdicts for sighting in verdict.track.sightings}
    return max(sorted(frames), key=worth, default=None)


def _marks(number: int, verdict: Verdict, frame: int, scale: float, names: Mapping[str, str]) -> Iterator[Mark]:
    name, tail = _label(verdict, names)
    for sighting in verdict.track.sightings:
        if sighting.frame == frame:
            box = sighting.box
            edges = (round(edge * scale) for edge in (box.left, box.top, box.right, box.bottom))
            yield Mark(number, Box(*edges), name, tail, verdict.answer if name else "unknown")


def _label(verdict: Verdict, names: Mapping[str, str]) -> tuple[str, str]:
    name = names.get(verdict.student_id or verdict.candidate_id or "", "")
    if not name or verdict.match is None:
        return "", ""
    shown = "".join(each if each.isprintable() else " " for each in name)  # some characters turn the writing round
    return shown, f"{'?' if verdict.candidate_id else ''}  {verdict.match.similarity:.3f}"


def _draw(picture: Image.Image, marks: Sequence[Mark]) -> None:
    draw, width = ImageDraw.Draw(picture), max(2, picture.width // 320)
    for mark in marks:
        draw.rectangle(
            (mark.box.left, mark.box.top, mark.box.right, mark.box.bottom), None, COLOURS[mark.answer], width
        )
    font, taken = label_font(max(14, picture.height // 40)), [mark.box for mark in marks]
    for mark in sorted(marks, key=lambda mark: not mark.name):  # names have the first choice of a place
        taken.append(_draw_label(draw, picture.size, mark, font, taken))


def _draw_label(
    draw: ImageDraw.ImageDraw, size: tuple[int, int], mark: Mark, font: ImageFont.FreeTypeFont, taken: Sequence[Box]
) -> Box:
    """Write the label beside its face, shortened to the picture's width. Returns the place it took."""
    head, name = str(mark.number), f"  {mark.name}" if mark.name else ""
    while len(name) > 4 and draw.textlength(head + name + mark.tail, font=font) + 4 * PADDING > size[0]:
        name = f"{name[:-2]}…"
    label = head + name + mark.tail
    left, top, right, bottom = draw.textbbox((0, 0), label, font=font)
    place = label_place(mark.box, (round(right - left) + 2 * PADDING, round(bottom - top) + 2 * PADDING), size, taken)
    draw.rectangle((place.left, place.top, place.right, place.bottom), fill=COLOURS[mark.answer])
    draw.text((place.left + PADDING - left, place.top + PADDING - top), label, fill=INK, font=font)
    return place


def label_place(face: Box, label: tuple[int, int], picture: tuple[int, int], taken: Sequence[Box]) -> Box:
    """Where a label of `label` (width, height) pixels goes: beside its face, below it if there is room.

    The first place within the picture that covers nothing of `taken` and nothing of the face; else what covers least.
    """
    width, height = label
    below, above, leftwards = face.bottom + 1, face.top - height, face.right + 1 - width
    corners = [(face.left, below), (face.left, above), (face.right + 1, face.top), (face.left - width, face.top)]
    corners += [(leftwards, below), (leftwards, above)]
    places = [_within(left, top, label, picture) for left, top in corners]
    others = [box for box in taken if box != face]
    return min(places, key=lambda place: sum(place.shared_area(box) for box in others) + 4 * place.shared_area(face))


def _within(left: int, top: int, label: tuple[int, int], picture: tuple[int, int]) -> Box:
    x, y = max(0, min(left, picture[0] - label[0])), max(0, min(top, picture[1] - label[1]))
    return Box(x, y, x + label[0] - 1, y + label[1] - 1)


def label_font(size: int) -> ImageFont.FreeTypeFont:
    """DejaVu knows most alphabets; Pillow's own font, Western Europe's only. The image has DejaVu."""
    try:
        return ImageFont.truetype("DejaVuSans.ttf", size)
    except OSError:
        own = ImageFont.load_default(size=size)
        assert isinstance(own, ImageFont.FreeTypeFont)  # Pillow's wheels bring FreeType
        return own
