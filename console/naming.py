"""What a downloaded file is called. Pure."""

from __future__ import annotations

import re

LONGEST = 100


def file_name(*parts: str, end: str) -> str:
    """The parts as one name: letters of any writing, digits, dots and dashes, nothing that a system takes amiss."""
    words = "-".join(re.sub(r"[^\w.-]+", "-", part) for part in parts)
    return f"{re.sub(r'-+', '-', words).strip('-.')[:LONGEST] or 'file'}.{end}"
