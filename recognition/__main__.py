"""`python -m recognition`: the verbs of `recognition.commands`, and errors as one clear line."""

from __future__ import annotations

import sys

import click

from recognition.commands.calibrate import calibrate
from recognition.commands.consent import consent
from recognition.commands.correct import correct, corrections
from recognition.commands.enrol import enrol
from recognition.commands.enrol_photographs import enrol_photographs
from recognition.commands.explain import explain
from recognition.commands.forget import forget
from recognition.commands.gallery import gallery
from recognition.commands.identify import identify
from recognition.commands.import_legacy import import_legacy
from recognition.commands.publish import publish
from recognition.commands.rehearse import rehearse
from recognition.commands.retention import retention
from recognition.commands.rollcall import rollcall
from recognition.errors import RecognitionError

ENROLLING = [enrol, enrol_photographs, import_legacy, calibrate, publish, gallery]
LOOKING = [identify, rollcall, explain, correct, corrections, rehearse]
PRIVACY = [consent, forget, retention]


@click.group(commands=[*ENROLLING, *LOOKING, *PRIVACY])
def cli() -> None:
    """Smart Classroom's recognition on the command line."""


def _explained(error: Exception) -> str | None:
    """One line for a fault of the machine, the account or the input; None for a fault of ours."""
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, ClientError | BotoCoreError):
        return f"AWS: {error}. Are AWS_REGION, the credentials, GALLERY_BUCKET and STUDENT_TABLE this stage's?"
    return str(error) if isinstance(error, RecognitionError | OSError) else None


def main() -> int:
    """Run the command line; what is not our own fault becomes one clear line and exit code 1."""
    try:
        cli(standalone_mode=True, prog_name="python -m recognition")
    except Exception as error:
        explained = _explained(error)
        if explained is None:
            raise
        click.echo(f"error: {explained}", err=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
