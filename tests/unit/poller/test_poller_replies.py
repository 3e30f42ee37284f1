"""What AWS's error replies mean."""

from __future__ import annotations

import pytest

from poller.errors import NotStarted, Refused, Transient, UnknownOutcome, Unusable
from poller.replies import HINT_CLOCK, HINT_MISSING, HINT_RIGHTS, ErrorReply, error_type, invocation_error, queue_error


@pytest.mark.parametrize(
    ("code", "status", "for_queue", "for_function"),
    [
        ("TooManyRequestsException", 429, Transient, NotStarted),
        ("ThrottlingException", 400, Transient, NotStarted),
        ("Anything", 429, Transient, NotStarted),
        ("ResourceConflictException", 409, Transient, NotStarted),
        ("ServiceException", 500, Transient, UnknownOutcome),
        ("ServiceUnavailable", 503, Transient, UnknownOutcome),
        ("AccessDeniedException", 403, Unusable, Unusable),
        ("SomethingNew", 403, Unusable, Unusable),
        ("ExpiredTokenException", 400, Unusable, Unusable),
        ("ResourceNotFoundException", 404, Unusable, Unusable),
        ("AWS.SimpleQueueService.NonExistentQueue", 400, Unusable, Unusable),
        ("InvalidParameterValue", 400, Refused, Refused),
        ("RequestTooLargeException", 413, Refused, Refused),
    ],
)
def test_a_code_means(code: str, status: int, for_queue: type, for_function: type) -> None:
    reply = ErrorReply(code, status)
    assert type(queue_error(reply, "x")) is for_queue
    assert type(invocation_error(reply, "x")) is for_function


@pytest.mark.fault(27)
@pytest.mark.fault(28)
@pytest.mark.parametrize(
    ("reply", "hint"),
    [
        (ErrorReply("InvalidSignatureException", 403, "Signature expired: 2026 is now earlier than"), HINT_CLOCK),
        (ErrorReply("InvalidSignatureException", 403, "Signature not yet current"), HINT_CLOCK),
        (ErrorReply("RequestTimeTooSkewed", 403), HINT_CLOCK),
        (ErrorReply("InvalidSignatureException", 403, "does not match"), HINT_RIGHTS),
        (ErrorReply("QueueDoesNotExist", 400), HINT_MISSING),
    ],
)
def test_an_operator_gets_the_right_hint(reply: ErrorReply, hint: str) -> None:
    assert queue_error(reply, "x").hint == hint


@pytest.mark.parametrize(
    ("header", "seconds"), [("", 0), ("3", 3), ("0.5", 0.5), ("-1", 0), ("99999", 3600), ("Wed, 21 Oct", 0)]
)
def test_retry_after_is_read_in_seconds(header: str, seconds: float) -> None:
    assert invocation_error(ErrorReply("X", 429, retry_after=header), "x").retry_after_s == seconds


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b'{"errorType": "Sandbox.Timedout", "errorMessage": "secret"}', "Sandbox.Timedout"),
        (b'{"errorMessage": "secret"}', "unnamed"),
        (b'{"errorType": "Ada Lovelace was here"}', "unnamed"),
        (b'{"errorType": 3}', "unnamed"),
        (b"[]", "unnamed"),
        (b"", "unnamed"),
    ],
)
def test_only_the_class_of_a_functions_error_is_taken(content: bytes, name: str) -> None:
    assert error_type(content) == name
