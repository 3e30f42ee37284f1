"""The command line of `python -m poller.dlq`: its verbs, its help, its exit codes. Knows no queue."""

from __future__ import annotations

import argparse
from enum import IntEnum

from poller.looking import HIDE_S

LIMIT = 1_000
SHORTEST_ID = 4
ABOUT = "Look at dead letters, send them back, or discard them. Nothing is lost by looking."
EPILOG = f"""\
ids: the first {SHORTEST_ID} or more characters that tell one from the others.
settings: those of python -m poller.tick (its --help explains them): AWS_REGION, REQUEST_QUEUE_URL, OUTPUT_QUEUE_URL,
  DEAD_LETTER_QUEUE_URL, OUTPUT_DEAD_LETTER_QUEUE_URL; to discard with a copy, RESULTS_DIR.
rights: the operator's role, OPERATOR_ROLE_ARN in what scripts/stack_env.py prints.
Looking hides messages from others until it ends; after a crash they show up again within {HIDE_S // 60} minutes.

exit codes:
  0  done
  1  some of it could not be done; why is said
  2  wrong usage, or settings are missing or bad
  3  AWS is unreachable or refuses us
"""


class Code(IntEnum):
    """The program's exit codes."""

    DONE = 0
    PARTLY = 1
    USAGE = 2
    AWS = 3


def parser() -> argparse.ArgumentParser:
    """The command line."""
    raw = argparse.RawDescriptionHelpFormatter
    command = argparse.ArgumentParser(
        prog="python -m poller.dlq", description=ABOUT, epilog=EPILOG, formatter_class=raw
    )
    verbs = command.add_subparsers(dest="verb", required=True, metavar="list | show | redrive | discard")
    listing = verbs.add_parser("list", help="what lies in the dead-letter queues; no keys")
    listing.add_argument("--json", action="store_true", help="an object a line")
    listing.add_argument("--limit", type=_count, default=LIMIT, help="stop after so many (default: %(default)s)")
    showing = verbs.add_parser("show", help="all of one message, keys included")
    showing.add_argument("id", type=_id)
    redriving = verbs.add_parser("redrive", help="send messages back to the queue they came from, oldest first")
    which = redriving.add_mutually_exclusive_group(required=True)
    which.add_argument("ids", type=_id, nargs="*", default=[], metavar="ID")
    which.add_argument("--all", action="store_true", help="every message of both dead-letter queues")
    redriving.add_argument("--force", action="store_true", help="even what will only come straight back")
    discarding = verbs.add_parser("discard", help="delete messages; a copy stays as RESULTS_DIR/.discarded-ID.message")
    discarding.add_argument("ids", type=_id, nargs="+", metavar="ID")
    discarding.add_argument("--yes", action="store_true", required=True, help="required: this is for good")
    discarding.add_argument("--no-copy", action="store_true", help="keep no copy")
    return command


def _id(text: str) -> str:
    if len(text) < SHORTEST_ID:
        raise argparse.ArgumentTypeError(f"an id needs {SHORTEST_ID} characters or more")
    return text


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("not a whole number from 1 on")
    return int(text)
