"""The lock that lets one tick at a time work in RESULTS_DIR, and the question whether one does.

Knows the directory only. The surprising rule: whoever merely asks holds the lock, shared, for an instant, too. So a
tick that finds it taken looks once more before it gives way.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading

from poller.clock import SystemClock
from poller.durable import DurableDirectory

LOCK = ".tick.lock"
LOOK_AGAIN_S = 0.2


def take(directory: DurableDirectory, held: contextlib.ExitStack) -> bool:
    """Take the lock until `held` closes, if it is free. Raises `OSError`.

    Its file stays: unlinking it would let two ticks lock two files of one name.
    """
    descriptor = directory.open_file(LOCK, os.O_RDWR | os.O_CREAT)
    held.callback(os.close, descriptor)
    if _locked(descriptor, fcntl.LOCK_EX):
        return True
    SystemClock().wait(threading.Event(), LOOK_AGAIN_S)
    return _locked(descriptor, fcntl.LOCK_EX)


def is_taken(directory: DurableDirectory) -> bool:
    """Whether a tick is running now. Raises `OSError`."""
    try:
        descriptor = directory.open_file(LOCK, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return not _locked(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)  # and so gives it back


def _locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
