"""What an error reply of AWS means for us, by its code and status. Pure.

The surprising rule: the same 5xx is `Transient` for a queue, whose calls may be repeated, and `UnknownOutcome` for
an invocation, which may not: the function may be running.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from poller.errors import AwsError, NotStarted, Refused, Transient, UnknownOutcome, Unusable

BUSY = frozenset(
    {
        "KmsThrottled",
        "OverLimit",
        "RequestThrottled",
        "ResourceConflictException",
        "SnapStartNotReadyException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
MISSING = frozenset(
    {"AWS.SimpleQueueService.NonExistentQueue", "InvalidAddress", "QueueDoesNotExist", "ResourceNotFoundException"}
)
RIGHTS = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
SKEWED = frozenset({"RequestExpired", "RequestTimeTooSkewed"})
HINT_CLOCK = "this machine's clock is off by minutes: check chrony"
HINT_RIGHTS = "check the credentials and the poller's role"
HINT_MISSING = "check the queue URLs, FUNCTION_NAME and the region"
HINT_ENDPOINT = "check AWS_REGION and AWS_ENDPOINT_URL"
HINT_NETWORK = "check the network, the proxy and the region"


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """An error that AWS itself answered with. `text` is only looked at, never passed on: it may quote the request."""

    code: str
    status: int
    text: str = ""
    retry_after: str = ""

    @property
    def retry_after_s(self) -> float:
        """Seconds AWS asks us to wait, an hour at most; 0 if it does not say, or names a date."""
        try:
            return max(0.0, min(float(self.retry_after), 3600.0))
        except ValueError:
            return 0.0


def queue_error(reply: ErrorReply, operation: str) -> AwsError:
    """The meaning of an error reply from a queue."""
    if reply.code in BUSY or reply.status == 429 or reply.status >= 500:
        return Transient(operation, reply.code, retry_after_s=reply.retry_after_s)
    return _lasting_error(reply, operation)


def invocation_error(reply: ErrorReply, operation: str) -> AwsError:
    """The meaning of an error reply to an invocation."""
    if reply.code in BUSY or reply.status == 429:
        return NotStarted(operation, reply.code, retry_after_s=reply.retry_after_s)
    return UnknownOutcome(operation, reply.code) if reply.status >= 500 else _lasting_error(reply, operation)


def error_type(content: bytes) -> str:
    """The class name in a raised function error's payload. Its message is left alone: it may hold data."""
    try:
        name = json.loads(content).get("errorType", "")
    except (ValueError, AttributeError, RecursionError):
        name = ""
    return plain_word(name) or "unnamed"


def plain_word(text: object) -> str:
    """`text` if it may stand in a log: an error's code or a request's id is one word. Empty for anything else."""
    return text if isinstance(text, str) and re.fullmatch(r"[A-Za-z0-9_.-]{1,80}", text) else ""


def _lasting_error(reply: ErrorReply, operation: str) -> AwsError:
    if reply.code in SKEWED or "Signature expired" in reply.text or "Signature not yet current" in reply.text:
        return Unusable(operation, reply.code, HINT_CLOCK)
    if reply.code in MISSING:
        return Unusable(operation, reply.code, HINT_MISSING)
    if reply.code in RIGHTS or reply.status == 403:
        return Unusable(operation, reply.code, HINT_RIGHTS)
    return Refused(operation, reply.code)
