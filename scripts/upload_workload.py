"""Sends a folder of clips to the input bucket; `upload_workload.sh` is its command line and explains it.

Needs boto3 and AWS's usual settings. The surprising rule: what the bucket already holds with the same bytes is
skipped, because every upload costs a recognition. `--again` sends it all the same.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from upload_bucket import AT_ONCE, Bucket, upload
from upload_plan import Sending, choose_files, plan


@contextmanager
def progress(total: int, console: Console) -> Iterator[Callable[[], None]]:
    """Yields the function to call after each file: a bar on a terminal, a line for each tenth elsewhere."""
    if console.is_terminal:
        columns = (TextColumn("uploading"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console) as bar:
            task = bar.add_task("uploading", total=total)
            yield lambda: bar.advance(task)
        return
    count = 0

    def line() -> None:
        nonlocal count
        count += 1
        if count == total or count * 10 // total > (count - 1) * 10 // total:
            console.print(f"uploading: {count} of {total}", highlight=False)

    yield line


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line. Exits with 2 and a message when it makes no sense."""
    parser = argparse.ArgumentParser(prog="upload_workload.sh", allow_abbrev=False)
    parser.add_argument("dir", type=Path)
    parser.add_argument("--requests", type=int)
    parser.add_argument("--bucket", default=os.environ.get("INPUT_BUCKET", ""))
    parser.add_argument("--prefix", default="")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--all", action="store_true")
    asked = parser.parse_args(arguments)
    if not asked.bucket:
        parser.error("no bucket: set INPUT_BUCKET or say --bucket (scripts/stack_env.py prints a stage's names)")
    if not asked.dir.is_dir():
        parser.error(f"{asked.dir} is not a folder")
    if asked.requests is not None and asked.requests < 1:
        parser.error("--requests must be 1 or more")
    return asked


def send_all(asked: argparse.Namespace, sendings: Sequence[Sending], console: Console) -> int:
    """Exit code of the sending itself: 0 all there, 1 failed, 130 interrupted; after the last two, run it again."""
    resume = "the same command goes on where it stopped"
    try:
        client = boto3.client("s3", config=Config(max_pool_connections=AT_ONCE, retries={"mode": "standard"}))
        with progress(len(sendings), console) as done:
            sent = upload(Bucket(client, asked.bucket), sendings, asked.prefix, asked.again, done)
    except KeyboardInterrupt:
        print(f"upload_workload: interrupted; {resume}", file=sys.stderr)
        return 130
    except (BotoCoreError, ClientError, Boto3Error, OSError) as error:
        print(f"upload_workload: {error}\nupload_workload: {_advice(error, asked.bucket) or resume}", file=sys.stderr)
        return 1
    print(f"{sent} sent, {len(sendings) - sent} skipped (already there), bucket {asked.bucket}")
    return 0


def _advice(error: Exception, bucket: str) -> str:
    """What to mend before the same command can succeed; empty when it may simply be given again."""
    if isinstance(error, (NoCredentialsError, NoRegionError)):
        return "set AWS_PROFILE, or the keys and AWS_REGION, as for the AWS command line"
    code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
    if code in ("NoSuchBucket", "AccessDenied", "403", "404"):
        return f"check that {bucket} is the stage's input bucket (scripts/stack_env.py prints it) and the credentials"
    return ""


def main(arguments: Sequence[str]) -> int:
    """Choose, plan, send. Returns the exit code."""
    asked = read_arguments(arguments)
    console = Console(stderr=True)
    choice = choose_files(asked.dir, every_file=asked.all)
    for path, reason in choice.left:
        console.print(f"left out: {path}: {reason}", highlight=False, markup=False, soft_wrap=True)
    if not choice.files:
        print(f"upload_workload: no clips in {asked.dir}", file=sys.stderr)
        return 1
    try:
        sendings = plan(asked.dir, choice.files, requests=asked.requests, prefix=asked.prefix)
    except ValueError as error:
        print(f"upload_workload: {error}", file=sys.stderr)
        return 1
    return send_all(asked, sendings, console)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
