"""A disk that does not take what we file: what its error means, in words that say what to do.

Knows errors and no file. The surprising rule: an error without a hint of its own still gets one.
"""

from __future__ import annotations

import errno
import logging

from poller.logs import log
from poller.tally import Exit, Tally

_HINTS = {
    errno.ENOSPC: "the disk is full: free some space",
    errno.EDQUOT: "the quota is used up: free some space",
    errno.EFBIG: "the file size limit (ulimit -f) is too small",
    errno.EROFS: "the file system is read-only: check dmesg, remount it",
    errno.EIO: "the disk reports errors: check dmesg, replace it",
    **dict.fromkeys(
        (errno.EACCES, errno.EPERM),
        "RESULTS_DIR is not ours to write: is its volume mounted? If so, chown it to the poller's user",
    ),
    errno.ENOENT: "RESULTS_DIR is gone: mount or create it",
    errno.EISDIR: "a directory lies where a file of ours belongs: move it away",
    **dict.fromkeys((errno.ENOTDIR, errno.EEXIST), "RESULTS_DIR is not a directory: move the file away"),
    errno.ENAMETOOLONG: "RESULTS_DIR, or a name in it, is too long for its file system: choose a shorter path",
    errno.ENXIO: "a pipe, a socket or a device lies where a file of ours belongs: remove it",
    errno.ELOOP: "a symlink lies where a file of ours belongs: remove it",
}


def disk_hint(error: OSError) -> str:
    """What is wrong, and what to do about it."""
    return _HINTS.get(error.errno or 0, "RESULTS_DIR cannot be written")


def disk_trouble(error: OSError, tally: Tally) -> None:
    """Report it, and end the tick's filing."""
    code = errno.errorcode.get(error.errno or 0, "OSError")
    log(logging.ERROR, "disk_trouble", code=code, hint=disk_hint(error))
    tally.trouble(Exit.DISK)
