"""Clips on this disk looked through as the function would look through them, with settings that are not its own yet.

Knows the models, and neither queue nor table. The surprising rule: a clip's section is told by its path, as the
function tells it by the key, and consent is asked for; otherwise a rehearsal would promise other names than come.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from recognition.bootstrap import identifier
from recognition.consent import with_consent
from recognition.decision import decision_of
from recognition.errors import ClipRejected, SetupError
from recognition.finished import FinishedVersion
from recognition.gallery import Gallery
from recognition.pipeline import refuse_unread
from recognition.ports import Roster
from recognition.results import outcome_of
from recognition.search import Search, search_in
from recognition.sections import SectionRule, Session
from recognition.stopwatch import Stopwatch
from wire.s3_event import Upload


@dataclass(frozen=True, slots=True)
class ClipFile:
    """A clip on this disk; `key` is its path in the folder, as it would be in the input bucket."""

    file: Path
    key: str
    session: Session


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """How clips are looked through. `threshold` replaces that of the clip's section; `beyond`: whether whoever is not
    on a section's roster may be named in its clips."""

    gallery: Gallery
    detector: str = "hog"
    threshold: float | None = None
    beyond: bool = False

    def search(self, section: str) -> Search:
        """Among whom a clip of `section` is searched."""
        search = search_in(self.gallery, section, beyond=self.beyond)
        return search if self.threshold is None else search.with_threshold(self.threshold)

    def at(self, clip: ClipFile, roster: Roster, now: datetime) -> FinishedVersion:
        """What the function would keep of the clip, at `now`; `fault` says why one was not looked at."""
        search = self.search(clip.session.section)
        upload = Upload("local", clip.key, "local", "", "", clip.file.stat().st_size)
        version = FinishedVersion(upload, clip.session, now.timestamp(), "rejected")
        try:
            refuse_unread(upload)
            with clip.file.open("rb") as file:
                found = search.beyond(identifier(self.detector).identify(file, search.first, Stopwatch()))
        except ClipRejected as error:
            return replace(version, fault=str(error))
        finding, _ = with_consent(found, roster, now, clip.session.section)
        return replace(version, outcome=outcome_of(finding.verdicts), decision=decision_of(finding, search))


def clips_in(folder: Path, rule: SectionRule, section: str | None, session: str | None) -> list[ClipFile]:
    """The files under `folder`, hidden ones aside; only those of `section` and `session` where these are given.

    Raises `SetupError` where there are none.
    """
    found = [clip for clip in _files(folder, rule) if section in (None, clip.session.section)]
    found = [clip for clip in found if session in (None, clip.session.name)]
    if not found:
        of = f" of section {section!r}: they lie in it as in the input bucket ({rule.text})" if section else ""
        raise SetupError(f"{folder} holds no clip{of}")
    return found


def _files(folder: Path, rule: SectionRule) -> Iterator[ClipFile]:
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder)
        if file.is_file() and not any(part.startswith(".") for part in path.parts):
            key = os.fsencode(path.as_posix()).decode(errors="replace")
            yield ClipFile(file, key, rule.session_of(key))
