"""Where a clip's results lie in the output bucket: under the clip's own key. Pure, and known to whoever looks for them.

The surprising rule: a key too long for S3 with its suffix is cut, and told apart by the job id.
"""

from __future__ import annotations

from wire.s3_event import MAX_KEY_BYTES, Upload


def output_key(upload: Upload, suffix: str) -> str:
    """Where a result lies in the output bucket: the clip's key and `suffix`, within S3's 1,024 bytes."""
    return output_key_of(upload.key, upload.job_id, suffix)


def output_key_of(clip_key: str, job_id: str, suffix: str) -> str:
    """The same, for the clip whose key and job id these are."""
    key = clip_key + suffix
    if len(key.encode()) <= MAX_KEY_BYTES:
        return key
    tail = f"-{job_id[:16]}{suffix}"
    return clip_key.encode()[: MAX_KEY_BYTES - len(tail)].decode(errors="ignore") + tail
