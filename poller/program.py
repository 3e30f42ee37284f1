"""How an operator's program runs: its faults, its Ctrl-C, its reader who left, and the characters of its terminal.

Knows no queue and no file. The surprising rule: an exception that nobody foresaw has an exit code of its own, so that
no script takes it for an answer of the program, and is told by class and place, for its text may name somebody.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

from poller import logs

FAULT = 70  # EX_SOFTWARE of sysexits.h
FAULT_MEANS = f"  {FAULT}  a fault of this program: report the line it printed"


def run(main: Callable[[], int]) -> int:
    """Run `main` and return the exit code. A program that puts things back on Ctrl-C sets that up itself."""
    logs.configure("WARNING")
    logs.speak_alone()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = int(main())
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        logs.log_unexpected(error)
        return FAULT
    return code
