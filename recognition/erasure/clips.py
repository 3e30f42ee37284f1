"""The input bucket: the very clips in which the student was recognised. Erased only when somebody says so.

The surprising rule: a clip shows others as well, and whoever was never recognised in it cannot be found. Unless it is
deleted here it expires with the stage's lifecycle rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recognition.erasure.places import Bucket, Subject, Trace, Version

CLIP = "clip"


@dataclass(frozen=True, slots=True)
class Clips:
    """See `places.Place`. It must be looked through after those that tell which clips show the student."""

    bucket: Bucket
    name: str = "input bucket"

    def find(self, subject: Subject) -> list[Trace]:
        """The clips' versions, with those of the same bytes; all of a key's where it is not known which."""
        wanted = {(clip.key, clip.version_id) for clip in subject.clips}
        versions = [each for each in self.bucket.versions() if not each.marker] if wanted else []
        alike = {(each.key, each.etag) for each in versions if each.etag and _is_meant(each, wanted)}
        return [Trace(CLIP, each) for each in versions if _is_meant(each, wanted) or (each.key, each.etag) in alike]

    def erase(self, subject: Subject, traces: Sequence[Trace]) -> None:
        """Delete them for good."""
        self.bucket.purge([each.target for each in traces])


def _is_meant(version: Version, wanted: set[tuple[str, str]]) -> bool:
    return bool({(version.key, version.version_id), (version.key, "")} & wanted)
