"""What phones, cameras, editors and browsers make: every kind is encoded here and decoded the way the function does."""

from __future__ import annotations

import io
import sys
from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image

from recognition.decode import open_clip
from recognition.decoding.container import open_container
from recognition.decoding.pictures import OpenClip
from recognition.detect import LOOKS
from recognition.errors import ClipRejected
from recognition.faces import Frame, Rgb
from recognition.identify import Identifier
from recognition.sample import sample_times
from tests.conftest import ROOT
from tests.encoded import COLOURS, TURNS, Kind, encode, quarters, seen_quarters, turned

QUIET_X265 = {"x265-params": "log-level=none"}

KINDS = {
    "H.264": Kind(),
    "H.264, 10 bit": Kind(pixels="yuv420p10le"),
    "H.264, no chroma reduction": Kind(pixels="yuv444p"),
    "H.264, index at the start": Kind(container_options={"movflags": "faststart"}),
    "H.264, fragmented": Kind(container_options={"movflags": "frag_keyframe+empty_moov"}, gop=5),
    "H.264, QuickTime": Kind(container="mov"),
    "H.264, Matroska": Kind(container="matroska"),
    "H.264, transport stream": Kind(container="mpegts"),
    "H.264, Flash": Kind(container="flv"),
    "H.264, interlaced": Kind(codec_options={"flags": "+ilme+ildct"}),
    "H.264, open groups of pictures": Kind(gop=5, codec_options={"x264-params": "open-gop=1"}),
    "HEVC": Kind(codec="libx265", codec_options=QUIET_X265),
    "HEVC, 10 bit": Kind(codec="libx265", pixels="yuv420p10le", codec_options=QUIET_X265),
    "VP8": Kind(container="webm", codec="libvpx", codec_options={"deadline": "realtime"}),
    "VP9": Kind(container="webm", codec="libvpx-vp9", codec_options={"deadline": "realtime", "cpu-used": "8"}),
    "AV1": Kind(codec="libsvtav1", codec_options={"preset": "12"}),
    "MPEG-4 part 2 in AVI": Kind(container="avi", codec="mpeg4"),
    "MPEG-2 in a programme stream": Kind(container="mpeg", codec="mpeg2video"),
    "Motion JPEG": Kind(container="mov", codec="mjpeg", pixels="yuvj420p"),
    "ProRes": Kind(container="mov", codec="prores_ks", pixels="yuv422p10le"),
    "lossless FFV1": Kind(container="matroska", codec="ffv1"),
}


def frames_of(clip: bytes, moments: list[float]) -> list[Frame]:
    with open_clip(io.BytesIO(clip)) as opened:
        return list(opened.frames(moments))


def assert_quarters(picture: Rgb, colours: list[tuple[int, int, int]] | None = None) -> None:
    assert_allclose(seen_quarters(picture), colours or COLOURS, atol=30)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_usual_kind_shows_its_first_and_its_later_frames(kind: Kind) -> None:
    clip = encode(kind, [quarters(256, 192)] * 15, rate=25 if kind.container == "mpeg" else 10)
    found = frames_of(clip, [0.0, 0.2, 0.4])
    assert len(found) >= 2
    assert found[0].time_s == pytest.approx(0.0, abs=0.01)
    for frame in found:
        assert frame.rgb.shape == (192, 256, 3)
        assert_quarters(frame.rgb)


@pytest.mark.parametrize("flags", ["+cgop", "+cgop+ilme+ildct"], ids=["progressive", "interlaced"])
def test_a_clip_with_key_frames_is_looked_at_there_and_nowhere_else(flags: str) -> None:
    frames = [np.full((48, 64, 3), number + 20, dtype=np.uint8) for number in range(200)]
    clip = encode(Kind(gop=20, codec_options={"sc_threshold": "0", "flags": flags}), frames)
    found = frames_of(clip, sample_times(20.0))
    assert [frame.time_s for frame in found] == pytest.approx([0.0, 4.0, 8.0, 14.0, 18.0])
    assert [int(frame.rgb.mean()) for frame in found] == pytest.approx([20, 60, 100, 160, 200], abs=3)


def test_where_no_key_frame_can_be_decoded_alone_the_clip_is_passed_through(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [np.full((48, 64, 3), number + 20, dtype=np.uint8) for number in range(100)]
    clip = open_container(io.BytesIO(encode(Kind(gop=10), frames)))
    monkeypatch.setattr(OpenClip, "_key_frame", lambda _: None)
    assert len(list(clip.pictures(sample_times(10.0)))) == 5


@pytest.mark.parametrize("pixels", ["gray", "gray10le"])
def test_a_grey_clip_is_grey(pixels: str) -> None:
    grey = quarters(256, 192, [(level,) * 3 for level in (20, 90, 160, 230)])
    for frame in frames_of(encode(Kind(pixels=pixels), [grey] * 5), [0.0, 0.2]):
        assert_quarters(frame.rgb, [(level,) * 3 for level in (20, 90, 160, 230)])


@pytest.mark.parametrize(("width", "height"), [(854, 480), (480, 854), (853, 479), (1080, 1920), (322, 180), (66, 50)])
def test_any_size_is_shown_without_skew(width: int, height: int) -> None:
    even = width % 2 == 0 and height % 2 == 0
    kind = Kind() if even else Kind(container="webm", codec="libvpx-vp9", codec_options={"cpu-used": "8"})
    (frame,) = frames_of(encode(kind, [quarters(width, height)] * 2), [0.0])
    assert frame.rgb.shape == (height, width, 3)
    assert frame.rgb.flags.c_contiguous
    assert_quarters(frame.rgb)


@pytest.mark.parametrize("degrees", TURNS)
def test_a_phones_turn_is_undone(degrees: int) -> None:
    held = np.ascontiguousarray(np.rot90(quarters(192, 256), k=degrees // 90))
    for frame in frames_of(turned(encode(Kind(), [held] * 5), degrees), [0.0, 0.3]):
        assert frame.rgb.shape == (256, 192, 3)
        assert_quarters(frame.rgb)
        assert frame.grey is not None
        assert frame.grey.shape == (256, 192)


@pytest.mark.parametrize("degrees", [0, 90])
def test_the_grey_picture_for_detection_is_480_pixels_on_its_shorter_side_and_shows_the_same(degrees: int) -> None:
    clip = encode(Kind(), [quarters(1280, 720)] * 2)
    (frame,) = frames_of(turned(clip, degrees) if degrees else clip, [0.0])
    assert frame.grey is not None
    assert frame.grey.shape == ((480, 853) if degrees == 0 else (853, 480))
    assert frame.grey.flags.c_contiguous
    grey = np.asarray(Image.fromarray(frame.rgb).convert("L").resize(frame.grey.shape[::-1]))
    assert_allclose(frame.grey[::40, ::40].astype(int), grey[::40, ::40].astype(int), atol=30)


def test_pixels_that_are_not_square_are_made_so() -> None:
    squeezed = encode(Kind(aspect=Fraction(4, 3)), [quarters(240, 240)] * 3)
    (frame,) = frames_of(squeezed, [0.0])
    assert frame.rgb.shape == (240, 320, 3)
    assert_quarters(frame.rgb)


def test_a_variable_frame_rate_shows_the_frame_of_the_moment() -> None:
    times = [0, 1, 2, 30, 31, 32, 60, 90]
    frames = [np.full((48, 64, 3), 2 * time + 20, dtype=np.uint8) for time in times]
    found = frames_of(encode(Kind(codec_options={"bf": "0"}), frames, times), [0.0, 2.9, 5.9])
    assert [frame.time_s for frame in found] == pytest.approx([0.0, 3.0, 6.0])
    assert [int(frame.rgb.mean()) for frame in found] == pytest.approx([20, 80, 140], abs=4)


def test_a_clip_that_starts_late_on_its_clock_starts_at_zero_here() -> None:
    frames = [np.full((48, 64, 3), 5 * number + 20, dtype=np.uint8) for number in range(20)]
    clip = encode(Kind(container="mpegts"), frames, [number + 500 for number in range(20)])
    found = frames_of(clip, [0.0, 1.0])
    assert [frame.time_s for frame in found] == pytest.approx([0.0, 1.1], abs=0.21)
    assert int(found[0].rgb.mean()) == pytest.approx(20, abs=3)


def test_a_broken_first_picture_does_not_hide_the_others() -> None:
    noise = np.random.default_rng(3).integers(0, 255, (20, 96, 128, 3), dtype=np.uint8)
    clip = bytearray(encode(Kind(gop=5), list(noise)))
    at = clip.index(b"mdat") + 4
    clip[at + 4 : at + 4000] = bytes(3996)
    found = frames_of(bytes(clip), [0.0, 0.5, 1.0, 1.5])
    assert found
    assert found[-1].time_s > 0.4


def test_cover_art_is_not_the_clip() -> None:
    made = encode(Kind(container="matroska"), [quarters(256, 192)] * 5)
    assert_quarters(frames_of(made, [0.0])[0].rgb)
    with pytest.raises(ClipRejected, match="no video stream"):
        frames_of(_song_with_cover(), [0.0])


def _song_with_cover() -> bytes:
    """An ID3-less stand-in that FFmpeg marks as an attached picture: one JPEG as `covr` in an audio file."""
    import av

    song, cover = io.BytesIO(), io.BytesIO()
    Image.fromarray(quarters(64, 64)).save(cover, "jpeg")
    with av.open(song, "w", format="mp4") as container:
        sound = container.add_stream("aac", rate=8000)
        art = container.add_stream("mjpeg", rate=1)
        art.width, art.height, art.pix_fmt = 64, 64, "yuvj420p"
        art.disposition = av.stream.Disposition.attached_pic.value  # type: ignore[assignment]
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), dtype=np.float32), format="fltp", layout="mono")
        silence.sample_rate = 8000
        container.mux(art.encode(av.VideoFrame.from_ndarray(quarters(64, 64), format="rgb24")))
        container.mux(sound.encode(silence))
        container.mux(sound.encode())
        container.mux(art.encode())
    return song.getvalue()


@pytest.mark.parametrize("degrees", [0, 90, 270])
@pytest.mark.parametrize(("pixels", "light"), [("yuv420p", 1.0), ("yuv420p10le", 0.35), ("gray", 1.0)])
def test_a_face_is_found_upright_however_it_was_filmed(
    identifier: Identifier, degrees: int, pixels: str, light: float
) -> None:
    face = _portrait(light)
    held = np.ascontiguousarray(np.rot90(face, k=degrees // 90))
    made = encode(Kind(pixels=pixels), [held] * 5)
    clip = turned(made, degrees) if degrees else made
    for frame in frames_of(clip, sample_times(0.5)[:2]):
        assert len(identifier.detector.detect(frame.rgb, LOOKS[0])) == 1


def _portrait(light: float) -> Rgb:
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        from sample_faces import collins  # type: ignore[import-not-found]
    finally:
        sys.path.pop(0)
    portrait = np.asarray(collins().resize((400, 400)))
    frame = np.full((720, 540, 3), 120, dtype=np.uint8)
    frame[100:500, 70:470] = portrait
    return (frame * light).astype(np.uint8)
