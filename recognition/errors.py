"""Everything that may go wrong in this room, sorted by whose fault it is.

Data faults become outcomes and are never retried; machine faults leave the message in the queue; set-up faults
name every missing piece. boto3's own exceptions count as machine faults and pass through as they are.
"""

from __future__ import annotations


class RecognitionError(Exception):
    """The root of this room's errors."""


class ClipRejected(RecognitionError):
    """A clip that cannot be read, or must not be. The message is the reason shown to the instructor."""


class ClipSuperseded(RecognitionError):
    """The object version was deleted or overwritten before it could be read."""


class SetupError(RecognitionError):
    """The operator must change something before any clip can be worked on. The message says what."""


class GalleryError(SetupError):
    """A gallery that is missing, damaged, or computed by another model."""


class StageChanged(RecognitionError):
    """Somebody else changed a gallery or a consent of this stage in between; it stays as they left it. Try again."""

    def __init__(self) -> None:
        super().__init__(str(self.__doc__))


class StudentsError(SetupError):
    """A students file that cannot be read, or rows that contradict themselves."""


class NobodyKnown(SetupError):
    """A student's id of which a stage knows nothing: a slip, most likely. Nothing was changed."""

    def __init__(self, student_id: str) -> None:
        super().__init__(
            f"nothing is known of student {student_id!r} on this stage: no row, no template, no result. Check the id; "
            "nothing was changed"
        )


class EnrolmentError(SetupError):
    """Photographs that cannot be enrolled. The message lists every one of them with its reason."""


class LegacyFormatError(SetupError):
    """A legacy pickle that holds anything but lists of names and float arrays. Nothing in it was executed."""


class RecordsFailed(RecognitionError):
    """Some records of an event met a machine fault after the others were finished; the event must come again."""
