"""Clips from the browser straight into the input bucket: judged before they are sent, in parts, with progress.

The clips never come through here. The surprising rule: this page alone needs its script; who has none is told the
command that does the same.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from flask import Blueprint, render_template, request, url_for

from console import faults
from console.access import needs, user
from console.changes import changed
from console.protection import may_speak_to
from console.stage import the_stage
from console.uploading import (
    MOST_AT_ONCE,
    PART_BYTES,
    NotUnderstood,
    Ticket,
    body,
    listed,
    offered,
    prefix_in,
    read_ticket,
)
from recognition.aws.calls import error_code
from recognition.clip_file import CLIP_SUFFIXES, MAX_CLIP_BYTES, START_BYTES
from recognition.errors import RecognitionError

SHOWN = frozenset({"instructor", "privacy"})
"""Who may look at a clip's page."""

_ETAG = re.compile(r'"?[0-9a-f]{32}"?')

pages = Blueprint("upload", __name__, url_prefix="/upload")


@pages.get("")
@needs("instructor", "operator", "privacy")
def choose() -> str:
    """Where the clips belong, and which they are."""
    stage = the_stage()
    may_speak_to(stage.uploads.origin)
    return render_template(
        "upload.html",
        sections=sorted(stage.sections_of_gallery()),
        rule=stage.records.rule.text,
        now=f"{datetime.now().astimezone():%Y-%m-%dT%H00}",
        suffixes=sorted(CLIP_SUFFIXES),
        largest=MAX_CLIP_BYTES,
        start_bytes=START_BYTES,
        most=MOST_AT_ONCE,
    )


@pages.post("/judge")
@needs("instructor", "operator", "privacy")
def judge() -> dict[str, Any]:
    """Each file's key, why it is not taken, and whether the bucket holds such a key already."""
    told = body()
    prefix = prefix_in(told)
    files = [offered(each, prefix) for each in listed(told.get("files"), dict, MOST_AT_ONCE)]
    stored = the_stage().uploads.stored({each.key for each in files if not each.refused})
    return {"files": [{"key": each.key, "refused": each.refused, "stored": each.key in stored} for each in files]}


@pages.post("/begin")
@needs("instructor", "operator", "privacy")
def begin() -> dict[str, Any] | tuple[dict[str, Any], int]:
    """Begin one clip's upload: its ticket. A key that is taken needs `replace`."""
    told, uploads = body(), the_stage().uploads
    clip = offered(told.get("file"), prefix_in(told))
    if clip.refused:
        raise RecognitionError(clip.refused)
    if told.get("replace") is not True and uploads.stored({clip.key}):
        return {"error": "there already", "stored": True}, 409
    changed("began an upload")
    ticket = Ticket(clip.key, uploads.begin(clip.key), clip.size)
    return {"ticket": ticket.written(), "parts": ticket.parts, "part_bytes": PART_BYTES}


@pages.post("/part")
@needs("instructor", "operator", "privacy")
def part() -> dict[str, Any]:
    """Where to PUT one part."""
    told = body()
    ticket, number = read_ticket(told.get("ticket")), told.get("number")
    if type(number) is not int:
        raise NotUnderstood
    size = ticket.bytes_of(number)
    return {"url": the_stage().uploads.address(ticket.key, ticket.upload_id, number, size)}


@pages.post("/finish")
@needs("instructor", "operator", "privacy")
def finish() -> dict[str, Any]:
    """Put the parts together: the clip's job id."""
    told = body()
    ticket, etags = read_ticket(told.get("ticket")), listed(told.get("etags"), str, MAX_CLIP_BYTES // PART_BYTES)
    if len(etags) != ticket.parts or not all(_ETAG.fullmatch(each) for each in etags):
        raise NotUnderstood
    job = the_stage().uploads.finish(ticket.key, ticket.upload_id, etags)
    changed("uploaded a clip", clip=job)
    return {"job": job}


@pages.post("/give-up")
@needs("instructor", "operator", "privacy")
def give_up() -> dict[str, Any]:
    """Throw away what was sent of one clip."""
    ticket = read_ticket(body().get("ticket"))
    the_stage().uploads.give_up(ticket.key, ticket.upload_id)
    return {}


@pages.post("/state")
@needs("instructor", "operator", "privacy")
def state() -> dict[str, Any]:
    """What became of the clips with these job ids: the outcome, empty while there is none, and the clip's page."""
    jobs = listed(body().get("jobs"), str, MOST_AT_ONCE)
    found = {job: the_stage().records.finished.by_job(job) for job in jobs}
    shows = user().roles & SHOWN
    return {
        job: {"outcome": version.outcome, "page": url_for("clips.clip", job_id=job) if shows else ""}
        for job, version in found.items()
        if version
    }


@pages.errorhandler(RecognitionError)
def refused(error: RecognitionError) -> tuple[dict[str, Any] | str, int]:
    """For the script: what to change. The page itself is for people."""
    if request.method == "GET":
        return faults.refused(error)
    return {"error": str(error)}, 422


@pages.errorhandler(ClientError)
@pages.errorhandler(BotoCoreError)
def not_answered(error: ClientError | BotoCoreError) -> tuple[dict[str, Any] | str, int]:
    """For the script. A service's message may quote a key: its code will do."""
    if request.method == "GET":
        return faults.not_answered(error)
    return {"error": f"the cloud says {error_code(error) or type(error).__name__}"}, 502
