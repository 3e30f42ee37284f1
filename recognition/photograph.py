"""One photograph to enrol: read safely, its faces found, the only one embedded and measured.

Whose it is, and whether it is good enough, is not known here. The surprising rule: what a file holds decides, not its
suffix; large pictures are reduced while they are decoded, because a face is looked at in `LINES` lines at most.
"""

from __future__ import annotations

import hashlib
import io
import stat
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageFile, ImageOps, UnidentifiedImageError

from recognition.detect import LOOKS
from recognition.errors import EnrolmentError
from recognition.faces import Box, Embedding, Rgb
from recognition.identify import Identifier
from recognition.quality import Quality, quality_of

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".heif"})
FORMATS: tuple[str, ...] = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")  # others start programs, or are no photographs
HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"})

MAX_BYTES = 100_000_000
LINES = max(look.side for look in LOOKS)
GRID = 16  # a fingerprint compares this many neighbours in each of this many rows


@dataclass(frozen=True, slots=True)
class Refusal:
    """A photograph that cannot be used, and why."""

    photograph: Path
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a photograph shows: `boxes` of all faces, in the pixels of an upright picture of `size` (width, height).

    `embedding` (128,), as the network gives it, and `quality` are those of the face when there is exactly one.
    `fingerprint` is 256 bits that hardly change when a picture is stored again, smaller or brighter. `unreadable` says
    why nothing was seen, else it is empty.
    """

    size: tuple[int, int] = (0, 0)
    boxes: tuple[Box, ...] = ()
    embedding: Embedding | None = None
    quality: Quality | None = None
    fingerprint: int = 0
    unreadable: str = ""


def read_photograph(path: Path) -> Rgb:
    """The photograph, upright, as `decoded` gives it. Raises `EnrolmentError` when it cannot be read safely."""
    return decoded(photograph_bytes(path))


def photograph_bytes(path: Path) -> bytes:
    """The file's bytes. Raises `EnrolmentError` for what is no file (a pipe would never end), or cannot be read."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise EnrolmentError(f"not a readable photograph ({'a folder' if path.is_dir() else 'not a file'})")
        if status.st_size > MAX_BYTES:
            raise EnrolmentError(f"not a readable photograph (larger than {MAX_BYTES // 1_000_000} MB)")
        return path.read_bytes()
    except OSError as error:
        raise EnrolmentError(f"not a readable photograph ({error.strerror})") from error


def digest_of(data: bytes) -> str:
    """The name of a file's contents: SHA-256, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def decoded(data: bytes, lines: int = LINES) -> Rgb:
    """The picture in `data`, upright (EXIF orientation), reduced while its shorter side stays above `lines` pixels.

    A picture whose shorter side is below twice `lines` keeps its pixels. Raises `EnrolmentError` when Pillow cannot
    decode it safely.
    """
    formats = FORMATS
    if data[4:8] == b"ftyp" and data[8:12] in HEIF_BRANDS:
        formats = _heif()
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # face_recognition switches it on for the whole process
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=formats) as image:
                return _upright(image, lines)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise EnrolmentError(f"not a readable photograph (too many pixels: {type(error).__name__})") from error
    except UnidentifiedImageError as error:
        raise EnrolmentError("not a readable photograph (of no known kind)") from error
    except Exception as error:  # a damaged photograph makes Pillow raise anything at all
        cut = isinstance(error, OSError) and "truncated" in str(error)
        raise EnrolmentError(f"not a readable photograph ({'cut off' if cut else type(error).__name__})") from error


def look_at(data: bytes, identifier: Identifier) -> Seen:
    """What the photograph in `data` shows. Looks closer only while nobody is found, as with clips."""
    try:
        rgb = decoded(data)
    except EnrolmentError as error:
        return Seen(unreadable=str(error))
    looks = (identifier.detector.detect(rgb, look) for look in LOOKS)
    boxes = tuple(face.box for face in next((faces for faces in looks if faces), []))
    size, fingerprint = (rgb.shape[1], rgb.shape[0]), fingerprint_of(rgb)
    if len(boxes) != 1:
        return Seen(size, boxes, fingerprint=fingerprint)
    landmarks = identifier.embedder.landmarks(rgb, boxes[0])
    embedding = identifier.embedder.embed(rgb, boxes[0], landmarks)
    return Seen(size, boxes, embedding, quality_of(rgb, boxes[0], landmarks), fingerprint)


def fingerprint_of(rgb: Rgb) -> int:
    """256 bits: whether each of 16 x 16 places is brighter than its left neighbour."""
    small = Image.fromarray(rgb).convert("L").resize((GRID + 1, GRID), Image.Resampling.BOX)
    grey = np.asarray(small, dtype=np.int16)
    return int.from_bytes(np.packbits(grey[:, 1:] > grey[:, :-1]).tobytes(), "big")


def _upright(image: Image.Image, lines: int) -> Rgb:
    """A JPEG is decoded reduced, everything else reduced afterwards, both before the copies are made."""
    factor = min(image.size) // lines
    if factor > 1:
        image.draft("RGB", (image.width // factor, image.height // factor))
    image.load()  # a TIFF is turned now, and says no more that it ought to be
    orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    rgb = image if image.mode == "RGB" else image.convert("RGB")  # a copy of 40 megapixels is 120 MB
    if (factor := min(rgb.size) // lines) > 1:
        rgb = rgb.reduce(factor)
    rgb.getexif()[ExifTags.Base.Orientation] = orientation
    return np.ascontiguousarray(ImageOps.exif_transpose(rgb))


def _heif() -> tuple[str, ...]:
    """The format's name, once its reader is there. Raises `EnrolmentError` where the package is not installed."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError as error:
        raise EnrolmentError("not a readable photograph (HEIC needs the package pillow-heif)") from error
    register_heif_opener()
    return ("HEIF",)
