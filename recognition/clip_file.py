"""What can be told of a clip's file before it is opened: its name, size, first bytes. Pure, standard library.

The surprising rule: this only spares uploads. Whether it is a clip the decoder says, whatever is believed here.
"""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath

CLIP_SUFFIXES = frozenset({".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".3gp"})
MAX_CLIP_BYTES = 4 << 30
MAX_KEY_BYTES = 1024  # S3's own limit
START_BYTES = 16
"""How much of a file's start `why_not` looks at."""

MATROSKA = b"\x1a\x45\xdf\xa3"
ISO_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp"})
# AVI, MPEG-TS, MPEG-PS, FLV, Ogg, ASF: a camera's file may carry one of our suffixes and still be one of those.
_OTHERS = (b"RIFF", b"\x47", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3", b"FLV", b"OggS", b"\x30\x26\xb2\x75")


def says_all_in_its_headers(start: bytes) -> bool:
    """Whether a file that starts like this is ISO media (MP4, MOV, 3GP) or Matroska (MKV, WebM)."""
    return start[:4] == MATROSKA or start[4:8] in ISO_BOXES


def is_hidden(name: PurePosixPath) -> bool:
    """Whether the file or a folder on its way is hidden."""
    return any(part.startswith(".") for part in name.parts)


def why_not(name: PurePosixPath, size: int, start: bytes) -> str:
    """Why a file of `size` bytes that starts with `start` need not be sent; empty where it may be a clip."""
    if is_hidden(name):
        return "hidden"
    if name.suffix.lower() not in CLIP_SUFFIXES:
        return f"not a clip by its name: {' '.join(sorted(CLIP_SUFFIXES))} are taken"
    if size <= 0:
        return "the file is empty"
    if size > MAX_CLIP_BYTES:
        return f"the file has {size:,} bytes; {MAX_CLIP_BYTES:,} are allowed"
    if not says_all_in_its_headers(start) and not start.startswith(_OTHERS):
        return "not a video file by its first bytes"
    return ""


def safe_name(name: str) -> PurePosixPath:
    """A file's path as somebody else's machine tells it, fit for a key: relative, one form of each letter, and no
    character that a reader does not see. Raises `ValueError` where nothing is left."""
    text = "".join(
        "_" if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") else letter
        for letter in unicodedata.normalize("NFC", name.replace("\\", "/"))
    )
    parts = [part.strip() for part in text.split("/")]
    kept = [part for part in parts if part not in ("", ".", "..")]
    if not kept:
        raise ValueError("a file without a name")
    return PurePosixPath(*kept)
