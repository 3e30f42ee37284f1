"""The picture that shows who was found where and how sure the system is, drawn with Pillow.

Identified faces get their name and similarity in green, uncertain ones the name with a question mark in amber, unknown
faces a grey box and no more.
"""

from __future__ import annotations

import io
from collections.abc import Mapping

from PIL import Image, ImageDraw, ImageFont

from recognition.faces import Box
from recognition.identify import Finding
from recognition.vote import Answer, Verdict

MAX_WIDTH = 1280
NAMED = (22, 163, 74)
UNCERTAIN = (180, 95, 6)
UNKNOWN = (110, 110, 110)
COLOURS: Mapping[Answer, tuple[int, int, int]] = {"identified": NAMED, "uncertain": UNCERTAIN, "unknown": UNKNOWN}
_ORDER: tuple[Answer, ...] = ("unknown", "uncertain", "identified")  # who is drawn last is not covered by another
INK = (255, 255, 255)
QUALITY = 85


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
    for verdict in sorted(finding.verdicts, key=lambda v: _ORDER.index(v.answer)):
        _draw(picture, verdict, frame, scale, names)
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


def _draw(picture: Image.Image, verdict: Verdict, frame: int, scale: float, names: Mapping[str, str]) -> None:
    for sighting in verdict.track.sightings:
        if sighting.frame == frame:
            label = _label(verdict, names)
            _draw_box(picture, sighting.box, scale, COLOURS[verdict.answer] if label else UNKNOWN, label)


def _label(verdict: Verdict, names: Mapping[str, str]) -> str:
    name = names.get(verdict.student_id or verdict.candidate_id or "", "")
    doubt = "?" if verdict.candidate_id else ""
    return f"{name}{doubt}  {verdict.match.similarity:.3f}" if name and verdict.match else ""


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """DejaVu knows most alphabets; Pillow's own font, Western Europe's only. The image has DejaVu."""
    try:
        return ImageFont.truetype("DejaVuSans.ttf", size)
    except OSError:
        return ImageFont.load_default(size=size)


def _draw_box(picture: Image.Image, box: Box, scale: float, colour: tuple[int, int, int], label: str) -> None:
    draw = ImageDraw.Draw(picture)
    left, top, right, bottom = (round(edge * scale) for edge in (box.left, box.top, box.right, box.bottom))
    draw.rectangle((left, top, right, bottom), outline=colour, width=max(2, picture.width // 320))
    if not label:
        return
    font = _font(max(14, picture.height // 36))
    while len(label) > 8 and draw.textlength(label, font=font) + 10 > picture.width:
        label = f"{label[:-2]}…"
    x0, y0, x1, y1 = draw.textbbox((left, bottom), label, font=font)
    x = max(0, min(left, picture.width - (x1 - x0) - 10))
    y = max(0, min(bottom, picture.height - (y1 - y0) - 12))
    draw.rectangle((x, y, x + (x1 - x0) + 8, y + (y1 - y0) + 12), fill=colour)
    draw.text((x + 4, y + 2), label, fill=INK, font=font)
