"""A roll call as a PNG, drawn with Pillow: a row for each student, a column for each session.

One session has room for the word; several get a letter each, which the last line explains. Whoever was seen and is
not on the roster stands below it. The surprising rule: everything is twice as large as on a screen, for print.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from recognition.annotate import label_font
from recognition.one_line import one_line
from recognition.rollcall_matrix import Matrix, Row
from recognition.rollcall_wording import LETTERS, session_title

PAPER, INK, SOFT, LINE = (255, 253, 250), (28, 25, 23), (107, 100, 92), (226, 221, 213)
COLOURS = {"present": (22, 128, 61), "uncertain": (180, 95, 6), "absent": (185, 28, 28)}
SIZE, ROW, MARGIN = 26, 52, 40  # pixels
LONGEST_TEXT = 640


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are, in pixels: `left` and `top` of the first cell, the width of a `column`."""

    names: tuple[str, ...]
    labels: tuple[str, ...]
    left: int
    top: int
    column: int
    words: bool
    """Whether cells hold words, and the header lies; else letters, and it stands upright."""


def rollcall_picture(matrix: Matrix, title: str) -> bytes:
    """The PNG. Text that is too long is cut with an ellipsis."""
    font, large = label_font(SIZE), label_font(SIZE + 12)
    layout, legend, title = _layout(matrix, font), _legend(matrix), _cut(title, large)
    end = max(
        layout.left + layout.column * len(layout.labels),
        *(MARGIN + _width(*t) for t in ((title, large), (legend, font))),
    )
    height = layout.top + ROW * len(matrix.rows) + (ROW if legend else 0) + MARGIN
    picture = Image.new("RGB", (end + MARGIN, height), PAPER)
    draw = ImageDraw.Draw(picture)
    draw.text((MARGIN, MARGIN), title, INK, large)
    draw.text((MARGIN, height - MARGIN), legend, SOFT, font, "ls")
    for number, label in enumerate(layout.labels):
        _draw_label(picture, (layout.left + number * layout.column, layout.top), label, font, lying=layout.words)
    for number, row in enumerate(matrix.rows):
        first_other = number > 0 and matrix.rows[number - 1].on_roster and not row.on_roster
        y = layout.top + number * ROW
        draw.line((MARGIN, y, end, y), SOFT if first_other else LINE, 4 if first_other else 2)
        draw.text((MARGIN, y + ROW // 2), layout.names[number], INK if row.on_roster else SOFT, font, "lm")
        _draw_cells(draw, row, y + ROW // 2, layout, font)
    return _png(picture)


def _layout(matrix: Matrix, font: ImageFont.FreeTypeFont) -> Layout:
    words = len(matrix.sessions) == 1
    names = tuple(_cut(f"{row.name}  {row.student_id}", font) for row in matrix.rows)
    labels = tuple(_cut(session_title(session), font) for session in matrix.sessions)
    widest = max((_width(label, font) for label in labels), default=0)
    left = MARGIN + max((_width(name, font) for name in names), default=0) + ROW
    column = max(widest, _width("without consent", font)) + ROW // 2 if words else ROW
    return Layout(names, labels, left, 2 * MARGIN + ROW // 2 + (ROW if words else widest + ROW // 2), column, words)


def _draw_label(
    picture: Image.Image, corner: tuple[int, int], text: str, font: ImageFont.FreeTypeFont, *, lying: bool
) -> None:
    """Above the cell with its upper left corner at `corner`."""
    left, top = corner
    label = Image.new("RGB", (max(1, _width(text, font)), ROW), PAPER)
    ImageDraw.Draw(label).text((0, ROW // 2), text, SOFT, font, "lm")
    if lying:
        picture.paste(label, (left, top - ROW))
    else:
        picture.paste(label.rotate(90, expand=True), (left, top - label.width - ROW // 4))


def _draw_cells(draw: ImageDraw.ImageDraw, row: Row, middle: int, layout: Layout, font: ImageFont.FreeTypeFont) -> None:
    for number, status in enumerate(row.statuses):
        left, colour = layout.left + number * layout.column, COLOURS.get(status, SOFT)
        if status and layout.words:
            draw.text((left, middle), status, colour, font, "lm")
        elif status:
            half = ROW // 2 - 5
            centre = left + ROW // 2
            filled = colour if status in COLOURS else None
            draw.rounded_rectangle((centre - half, middle - half, centre + half, middle + half), 10, filled, colour, 2)
            draw.text((centre, middle), LETTERS[status], PAPER if filled else SOFT, font, "mm")


def _legend(matrix: Matrix) -> str:
    if len(matrix.sessions) == 1:
        return ""
    there = {status for row in matrix.rows for status in row.statuses}
    return "     ".join(f"{letter}  {status}" for status, letter in LETTERS.items() if status in there)


def _cut(text: str, font: ImageFont.FreeTypeFont) -> str:
    text = one_line(text)
    while len(text) > 2 and _width(text, font) > LONGEST_TEXT:
        text = f"{text[:-2]}…"
    return text


def _width(text: str, font: ImageFont.FreeTypeFont) -> int:
    return round(font.getlength(text))


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()
