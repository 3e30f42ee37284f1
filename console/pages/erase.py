"""Erasing a student: first what there is, then the id typed once more, then the receipt.

The surprising rule: the files of this console go first. Where they cannot be written nothing is erased anywhere; and
whatever is cut off afterwards is finished by doing the same again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO

from botocore.exceptions import BotoCoreError, ClientError
from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from werkzeug import Response

from console.access import needs
from console.changes import changed
from console.kept import Kept, kept_here
from console.pending import take_out
from console.school import the_files
from console.showing import file_name
from console.stage import the_stage
from console.whom import remember, whom
from recognition.aws.calls import error_code
from recognition.commands.erasure_stage import stage_in
from recognition.enrolment.journal import journal_of
from recognition.erasure.forget import Stage, forget, look
from recognition.erasure.receipt import STAYS, Entry, Receipt, as_json, as_text, iso
from recognition.errors import NobodyKnown
from recognition.roster import MAX_TEXT

pages = Blueprint("erase", __name__)

HOUR_S = 3600.0
GONE = (
    "A receipt is kept for an hour, while the console runs. Erase by id, under Students, looks again and gives "
    "another receipt."
)
HERE = "this console's files"
QUEUE_WAIT_S = 2


@pages.get("/erase")
@needs("privacy")
def anybody() -> str:
    """Ask for the id of somebody who need not be listed any more."""
    return render_template("erase_anybody.html")


@pages.post("/erase")
@needs("privacy")
def somebody() -> tuple[str, int] | Response:
    """To that student's erasure."""
    student_id = request.form.get("student", "").strip()
    if not student_id or len(student_id) > MAX_TEXT:
        flash(f"An id has 1 to {MAX_TEXT} characters, as in the list of students.", "error")
        return render_template("erase_anybody.html"), 422
    return redirect(url_for(".ask", token=remember(student_id)), 303)


@pages.get("/<token>/erase")
@needs("privacy")
def ask(token: str) -> str:
    """What erasing means, before anything is looked for."""
    return render_template("erase.html", token=token, student_id=whom(token), found=None)


@pages.get("/<token>/erase/look")
@needs("privacy")
def find(token: str) -> str:
    """What would be erased, and the form that does it. Changes nothing."""
    student_id = whom(token)
    receipt, subject = look(student_id, _stage())
    return render_template(
        "erase.html",
        token=token,
        student_id=student_id,
        found=replace(receipt, entries=(*_here(the_files().holds(student_id)), *receipt.entries)),
        clips=sorted(clip.key for clip in subject.clips),
    )


@pages.post("/<token>/erase")
@needs("privacy")
def erase(token: str) -> tuple[str, int] | Response:
    """Erase, once the id was typed."""
    student_id = whom(token)
    if request.form.get("student", "").strip() != student_id:
        flash("That is not the student's id: nothing was erased.", "error")
        return render_template("erase.html", token=token, student_id=student_id, found=None), 422
    changed("erased a student", student=student_id)
    remember(student_id)  # for the receipt's page, once nobody is listed any more
    here = _here(take_out(student_id), iso(time.time()))
    try:
        receipt = forget(student_id, _stage(), clips=request.form.get("clips") == "yes", anybody=bool(here))
    except NobodyKnown:
        flash("Nothing is known of a student with this id. Is it right? Nothing was changed.", "error")
        return redirect(url_for(".ask", token=token), 303)
    except (ClientError, BotoCoreError) as error:
        code = error_code(error) or type(error).__name__
        flash(f"Cut off: AWS says {code}. What is erased stays erased; do the same again to finish.", "error")
        return redirect(url_for(".ask", token=token), 303)
    finally:
        the_stage().everybody.changed()
    receipt = replace(receipt, entries=(*here, *receipt.entries), files_named=True)
    _receipts().put(token, receipt)
    late = _here(take_out(student_id), iso(time.time()))  # photographs may have been added before the consent was gone
    _receipts().put(token, replace(receipt, entries=(*late, *receipt.entries)))
    return redirect(url_for(".receipt", token=token), 303)


@pages.get("/<token>/receipt")
@needs("privacy")
def receipt(token: str) -> str:
    """The receipt of the last erasure here."""
    return render_template(
        "receipt.html",
        token=token,
        receipt=receipt_of(token) or abort(404, GONE),
        stays=STAYS,
        here=HERE,
        journal=journal_of(the_files().gallery_file).exists(),
    )


@pages.get("/<token>/receipt.<any(json, txt):kind>")
@needs("privacy")
def download(token: str, kind: str) -> Response:
    """The same as a file."""
    found = receipt_of(token) or abort(404, GONE)
    text, kind_of_text = (as_json(found), "application/json") if kind == "json" else (as_text(found), "text/plain")
    name = file_name("receipt", found.ended[:10], end=kind)
    return send_file(BytesIO(text.encode()), kind_of_text, as_attachment=True, download_name=name)


def receipt_of(token: str) -> Receipt | None:
    """The receipt of the student's erasure, if it was within the hour."""
    return _receipts().get(token)


def _receipts() -> Kept[Receipt]:
    return kept_here("receipts", HOUR_S, 100)


def _here(found: Mapping[str, int], at: str = "") -> list[Entry]:
    """What the files of this console hold or held of the student."""
    return [Entry(HERE, what, count, at) for what, count in found.items()]


def _stage() -> Stage:
    stage = the_stage()
    return stage_in(stage.environment, stage.client, QUEUE_WAIT_S)
