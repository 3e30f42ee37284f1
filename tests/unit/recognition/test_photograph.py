"""Photographs as people bring them: turned, huge, cut off, of another kind than they say, or none at all."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFile

from recognition.enrolment.judge import SAME_PICTURE
from recognition.errors import EnrolmentError
from recognition.identify import Identifier
from recognition.photograph import decoded, fingerprint_of, look_at, photograph_bytes, read_photograph

ORIENTATION = 0x0112
QUARTER = 6  # the camera lay on its side


def gradient(width: int, height: int) -> Image.Image:
    """Dark on the left, bright on the right."""
    row = np.linspace(0, 255, width).astype(np.uint8)
    return Image.fromarray(np.dstack([np.tile(row, (height, 1))] * 3))


def stored(picture: Image.Image, kind: str, **options: object) -> bytes:
    """The bytes of `picture` in a file of that kind."""
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF"])
@pytest.mark.parametrize("width", [90, 4400])
def test_a_photograph_is_turned_as_its_camera_says_at_any_size(kind: str, width: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = QUARTER
    rgb = decoded(stored(gradient(width, width // 2), kind, exif=exif.tobytes()))
    height, across, _ = rgb.shape
    assert height == 2 * across
    assert rgb[height // 20].mean() < 40 < 215 < rgb[-height // 20].mean()  # dark at the top now


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_large_photograph_is_reduced_and_one_below_twice_the_lines_keeps_its_pixels(kind: str) -> None:
    assert decoded(stored(gradient(7300, 5480), kind)).shape[0] in range(1080, 2160)  # 40 megapixels
    assert decoded(stored(gradient(2200, 2159), kind)).shape == (2159, 2200, 3)


def test_what_a_file_holds_counts_not_its_suffix(tmp_path: Path) -> None:
    (tmp_path / "photograph.txt").write_bytes(stored(gradient(40, 20), "PNG"))
    assert read_photograph(tmp_path / "photograph.txt").shape == (20, 40, 3)


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "CMYK", "I;16"])
def test_any_kind_of_pixels_becomes_red_green_blue(mode: str) -> None:
    picture = (
        gradient(40, 20).convert("L").convert("I").convert(mode) if mode == "I;16" else gradient(40, 20).convert(mode)
    )
    assert decoded(stored(picture, "TIFF")).shape == (20, 40, 3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF"])
def test_a_photograph_cut_off_is_refused(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as importing face_recognition leaves it
    whole = stored(Image.fromarray(np.random.default_rng(1).integers(0, 255, (300, 300, 3), dtype=np.uint8)), kind)
    for share in (0.1, 0.5, 0.9):
        with pytest.raises(EnrolmentError, match="not a readable photograph"):
            decoded(whole[: int(len(whole) * share)])


@pytest.mark.parametrize("data", [b"", b"hello", b"GIF89a" + bytes(40), b"\x00\x00\x00\x18ftypheic" + bytes(20)])
def test_what_is_no_photograph_is_refused(data: bytes) -> None:
    with pytest.raises(EnrolmentError, match="not a readable photograph"):
        decoded(data)


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(EnrolmentError, match="too many pixels"):
        decoded(stored(Image.new("1", (20_000, 20_000)), "PNG"))


def test_heic_without_its_reader_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    data = stored(gradient(40, 20), "HEIF")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(EnrolmentError, match="pillow-heif"):
        decoded(data)


def test_a_folder_a_pipe_a_dead_link_and_a_locked_file_are_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "folder.jpg").mkdir()
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "link.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "locked.jpg").write_bytes(b"x")
    (tmp_path / "locked.jpg").chmod(0)
    for name, says in (("folder", "a folder"), ("pipe", "not a file"), ("link", "No such file")):
        with pytest.raises(EnrolmentError, match=says):
            photograph_bytes(tmp_path / f"{name}.jpg")
    if os.geteuid():  # nothing is locked for root
        with pytest.raises(EnrolmentError, match="Permission denied"):
            photograph_bytes(tmp_path / "locked.jpg")


def test_a_file_too_large_for_any_photograph_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "film.jpg").open("wb") as file:
        file.truncate(100_000_001)
    with pytest.raises(EnrolmentError, match="larger than 100 MB"):
        photograph_bytes(tmp_path / "film.jpg")


def test_a_picture_stored_again_keeps_its_fingerprint_and_another_one_does_not(samples: Path) -> None:
    with Image.open(samples / "photographs" / "eileen_collins" / "1.jpg") as picture:
        first = fingerprint_of(np.asarray(picture))
        small = picture.resize((200, 200))
        again = [small, ImageEnhance.Brightness(picture).enhance(1.15), picture]
        copies = [decoded(stored(each, "JPEG", quality=40)) for each in again]
    assert all(bin(first ^ fingerprint_of(copy)).count("1") <= SAME_PICTURE for copy in copies)
    for other in ("eileen_collins/2.jpg", "eileen_collins/3.jpg", "grace_hopper/1.jpg"):
        different = fingerprint_of(read_photograph(samples / "photographs" / other))
        assert bin(first ^ different).count("1") > SAME_PICTURE


def test_what_is_seen_on_a_photograph_is_said_in_its_own_pixels(samples: Path, identifier: Identifier) -> None:
    data = (samples / "photographs" / "grace_hopper" / "1.jpg").read_bytes()
    seen = look_at(data, identifier)
    assert seen.size == (600, 600)
    (box,) = seen.boxes
    assert 100 < box.left < box.right < 500
    assert seen.embedding is not None
    assert seen.quality is not None
    assert seen.unreadable == ""
    assert look_at(b"nonsense", identifier).unreadable.startswith("not a readable photograph")
