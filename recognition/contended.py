"""Changing a stage that others change, too: whoever lost the race begins anew, over what the others have left."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from recognition.errors import StageChanged

T = TypeVar("T")
TRIES = 8


def until_unchanged(change: Callable[[], T]) -> T:
    """What `change` gives, `TRIES` times at most while it raises `StageChanged`, the last of which is raised."""
    attempts = Retrying(retry=retry_if_exception_type(StageChanged), stop=stop_after_attempt(TRIES), reraise=True)
    return attempts(change)
