"""The versions of clips that were worked on, and which of a clip's versions counts.

Pure; `aws.finished` reads them. The surprising rule: neither when a version was worked on nor in which order results
arrived decides, but S3's sequencer: a late or repeated result of an older version changes nothing. What people said of
an older version holds on if the newer one has the same bytes, as a clip has that is only to be worked on again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from recognition.corrections import Correction, Judged, judged
from recognition.decision import Decision
from recognition.sections import Session
from wire.result_message import Outcome
from wire.s3_event import Upload


@dataclass(frozen=True, slots=True)
class FinishedVersion:
    """One version of a clip, worked on `at` (seconds since the epoch). `upload.size` is not known any longer: 0.

    `decision` is None where nothing was looked at, and where its record cannot be read, of which `fault` tells.
    `took_ms`: the work on it, milliseconds, `usd` what it cost; None where that was not kept. `reason`: the result's.
    `outdated` counts the corrections of the clip's other versions, which hold no more for this one: it has other bytes.
    """

    upload: Upload
    session: Session
    at: float
    outcome: Outcome
    decision: Decision | None = None
    corrections: tuple[Correction, ...] = ()
    fault: str = ""
    took_ms: float | None = None
    usd: float | None = None
    reason: str = ""
    outdated: int = 0

    @property
    def judged(self) -> Judged:
        """Its faces as they stand, after corrections."""
        return judged(self.decision.faces if self.decision else (), self.corrections)

    def shows(self, student_id: str) -> bool:
        """Whether one of its faces is, surely or perhaps, this student, after corrections."""
        return any(face.student_id == student_id for face in self.judged.faces)


def newest(versions: Sequence[FinishedVersion]) -> FinishedVersion | None:
    """Of one clip's versions the one that counts; where no sequencer tells, the one worked on last."""
    overtaken = {
        one.upload.job_id for one in versions for other in versions if one.upload.is_older_than(other.upload.sequencer)
    }
    standing = [version for version in versions if version.upload.job_id not in overtaken]
    counts = max(standing, key=lambda version: (version.at, version.upload.job_id), default=None)
    return _with_said_of_others(versions, counts) if counts else None


def _with_said_of_others(versions: Iterable[FinishedVersion], counts: FinishedVersion) -> FinishedVersion:
    """The version that counts, with what was said of the same bytes under other versions; the rest is outdated."""
    others = [each for each in versions if each.upload.job_id != counts.upload.job_id]
    said = {(each.upload.job_id, each.upload.etag, correction) for each in others for correction in each.corrections}
    alike = {correction for _, etag, correction in said if etag and etag == counts.upload.etag}
    outdated = sum(not etag or etag != counts.upload.etag for _, etag, _ in said)
    if not said:
        return counts
    in_order = sorted([*sorted(alike, key=repr), *counts.corrections], key=lambda correction: correction.at)
    return replace(counts, corrections=tuple(in_order), outdated=outdated)


def newest_of_each_clip(versions: Iterable[FinishedVersion]) -> list[FinishedVersion]:
    """The versions that count, in order of their clips' keys."""
    ordered = sorted(versions, key=_clip)
    found = (newest(list(of_one_clip)) for _, of_one_clip in groupby(ordered, key=_clip))
    return [version for version in found if version is not None]


def _clip(version: FinishedVersion) -> tuple[str, str]:
    return version.upload.bucket, version.upload.key
