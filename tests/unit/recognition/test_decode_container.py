"""Inside the decoding child, in the test's own process: limits before decoding, and what a picture becomes."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from recognition.decoding import container, picture
from recognition.decoding.container import open_container
from recognition.errors import ClipRejected
from tests.footage import plain, write_clip


@pytest.mark.parametrize(
    ("limit", "value", "reason"),
    [
        ("MAX_PIXELS", 64 * 48 - 1, "pixels"),
        ("MAX_STREAMS", 0, "streams"),
        ("MAX_DURATION_S", 0.5, "lasts"),
        ("MAX_FRAMES", 19, "frames"),
    ],
)
def test_each_limit_is_checked_before_decoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: float, reason: str
) -> None:
    path = write_clip(tmp_path / "clip.mp4", [plain(64, 48, 9)] * 20)
    monkeypatch.setattr(container, limit, value)
    with pytest.raises(ClipRejected, match=reason):
        open_container(io.BytesIO(path.read_bytes()))


def test_very_large_pictures_are_reduced_while_they_are_converted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_clip(tmp_path / "clip.mp4", [plain(640, 480, 9)] * 2)
    monkeypatch.setattr(picture, "KEPT_PIXELS", 320 * 240)
    clip = open_container(io.BytesIO(path.read_bytes()))
    _, shown = next(clip.pictures([0.0]))
    made = picture.packed(shown, clip.stream)
    assert (made.rgb.width, made.rgb.height) == (320, 240)
