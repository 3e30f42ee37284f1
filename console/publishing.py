"""Publishing what the console's files hold, and telling who asked what came of it."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError
from flask import flash

from console.school import the_school
from console.showing import plural
from console.stage import the_stage
from recognition.aws.calls import error_code
from recognition.errors import EnrolmentError, RecognitionError, StageChanged


def publish_and_tell() -> None:
    """Publish, and say what came of it. What cannot be published now stays in the files."""
    try:
        published = the_school().publish()
    except (StageChanged, EnrolmentError, ClientError, BotoCoreError) as error:
        why = (
            str(error)
            if isinstance(error, RecognitionError)
            else f"AWS says {error_code(error) or type(error).__name__}"
        )
        flash(f"Not published: {why}", "error")
        return
    finally:
        the_stage().everybody.changed()
    flash(f"The gallery is published with {plural(len(published.gallery.student_ids), 'student')}.")
    if published.left_out:
        flash(f"{len(published.left_out)} in the file are not: no row, or no valid consent.", "warning")
    if published.erased:
        flash(f"{len(published.erased)} in the file were erased from the stage, and stay so.", "warning")
