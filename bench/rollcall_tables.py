"""The tables of `rollcall`: both paths side by side, and ours by the height of the face."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table


def table(figures: Mapping[str, object]) -> Table:
    """Both paths side by side."""
    drawn = Table("", "ours", "plain, first frame")
    plain = figures["plain"]
    assert isinstance(plain, dict)
    rows = {
        "recall": "enrolled people named",
        "precision": "names that are right",
        "faces_found": "faces found",
        "enrolled_named": "right names",
        "wrong_names": "wrong names",
        "unknown_counted": "counted as unknown",
        "answers_without_a_face": "of all these, where no face is",
        "cpu_s_per_clip": "CPU s a clip",
    }
    for key, title in rows.items():
        drawn.add_row(title, _cell(figures[key]), _cell(plain[key]))
    return drawn


def size_table(figures: Mapping[str, object]) -> Table:
    """Our path by the height of the face."""
    drawn = Table("face height, px", "faces", "found", "enrolled", "named")
    sizes = figures["per_size"]
    assert isinstance(sizes, list)
    for row in sizes:
        cells = (row[key] for key in ("faces", "found", "enrolled", "recall"))
        drawn.add_row(f"{row['from_px']} to {row['to_px']}", *(_cell(cell) for cell in cells))
    return drawn


def _cell(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else "" if value is None else str(value)
