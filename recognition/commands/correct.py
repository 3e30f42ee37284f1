"""`correct`: what a person knows better about a face; `corrections`: what may be learnt from that, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from recognition.commands.records import stage_records
from recognition.errors import ClipRejected, ClipSuperseded
from recognition.files import write_private
from recognition.one_line import one_line

if TYPE_CHECKING:
    from recognition.correct import Proposal
    from recognition.corrections import Says


@click.command()
@click.argument("clip")
@click.option("--face", type=int, required=True, help="The face's number, as `explain` and the picture give it.")
@click.option("--student", help="The face is this student.")
@click.option("--unknown", is_flag=True, help="The face is nobody to be named.")
@click.option("--not", "not_student", help="The face is not this student, for whom it was taken.")
@click.option("--by", required=True, help="Who says so.")
def correct(clip: str, face: int, student: str | None, unknown: bool, not_student: str | None, by: str) -> None:
    """Correct a face of CLIP. The decision stays as it was; roll calls and `explain` go by the correction."""
    from recognition.correct import correction_of
    from recognition.explain import named

    if sum((student is not None, unknown, not_student is not None)) != 1:
        raise click.UsageError("say one of --student ID, --unknown, --not ID")
    says: Says = "is unknown" if unknown else "is" if student is not None else "is not"
    records = stage_records()
    version = records.of_clip(clip)
    student_id = student if student is not None else not_student
    also = [student_id] if student_id else []
    standing = records.standing(version.session.section, [version], also)
    records.finished.correct(version, correction_of(version, standing, face, says, student_id, by))
    whom = f" {named(student_id, standing)}" if student_id else ""
    click.echo(one_line(f"{clip}, face {face} {says}{whom}, said {by}"))


@click.group()
def corrections() -> None:
    """What people corrected."""


@corrections.command()
@click.argument("section")
@click.argument("session", required=False)
@click.option("--cut", type=click.Path(path_type=Path, file_okay=False), help="Cut the faces out, into this folder.")
def propose(section: str, session: str | None, cut: Path | None) -> None:
    """List the faces of SECTION's clips that a person named, as enrolment photographs. Nothing is added."""
    from recognition.correct import proposals

    records = stage_records()
    versions = records.of_section(section, session)
    found = list(proposals(versions, records.standing(section, versions)))
    if cut:
        cut.mkdir(mode=0o700, parents=True, exist_ok=True)
    for each in found:
        where = f"{each.upload.key} at {each.second:.1f} s, face {each.face}"
        click.echo(one_line(f"{each.name} ({each.student_id}): {where}, named by {each.by}"))
        if cut:
            click.echo(f"    {_cut(each, cut)}")
    click.echo(f"{len(found)} face(s). Nothing was added.", err=True)


def _cut(proposal: Proposal, folder: Path) -> str:
    """Cut the face out; the file's name, or why there is none."""
    from recognition.aws.calls import client
    from recognition.aws.clips import S3Clips
    from recognition.cut import cut_out

    clips = S3Clips(client("s3"))
    try:
        with clips.open(clips.measured(proposal.upload)) as file:
            photograph = cut_out(file, proposal.second, proposal.box)
    except (ClipSuperseded, ClipRejected) as error:
        return f"not cut out: {error}"
    write_private(folder / proposal.file_name, photograph)
    return str(folder / proposal.file_name)
