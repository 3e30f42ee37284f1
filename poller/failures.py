"""What botocore and what is below it raise, put into our words.

Knows botocore and makes no call. The surprising rule: an exception from before the connection means "never started",
any other broken connection means "unknown".
"""

from __future__ import annotations

import json

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from poller.errors import AwsError, Transient, UnknownOutcome, Unreachable, Unusable
from poller.replies import (
    HINT_ENDPOINT,
    HINT_NETWORK,
    HINT_RIGHTS,
    ErrorReply,
    invocation_error,
    plain_word,
    queue_error,
)

# Raised before a connection exists, so that nothing can have been sent.
_UNCONNECTED = (boto.EndpointConnectionError, boto.ConnectTimeoutError, boto.ProxyConnectionError)
# Raised when the answer is not whole; the last two escape from reading a streamed body.
_BROKEN = (
    boto.HTTPClientError,
    boto.ConnectionError,
    boto.IncompleteReadError,
    ResponseParserError,
    HTTPError,
    OSError,
)
_NO_ENDPOINT = (boto.NoRegionError, boto.UnknownRegionError, boto.UnknownEndpointError, boto.EndpointProviderError)
# Raised where a client is made. OSError: no such credential_process; AttributeError: it printed JSON, but no object.
NO_CLIENT = (boto.BotoCoreError, ValueError, OSError, AttributeError)
# All that a call to AWS may raise.
FAILURES = (boto.ClientError, boto.BotoCoreError, *_BROKEN)


def queue_failure(error: Exception, operation: str) -> AwsError:
    """What a failed call means that may be repeated."""
    if isinstance(error, boto.ClientError):
        return queue_error(_reply(error), operation)
    return _library_failure(error, operation, Transient)


def invocation_failure(error: Exception) -> AwsError:
    """What a failed invocation means, which may not be repeated unless it never started."""
    if isinstance(error, boto.ClientError):
        return invocation_error(_reply(error), "Invoke")
    return _library_failure(error, "Invoke", Unreachable if isinstance(error, _UNCONNECTED) else UnknownOutcome)


def _library_failure(error: Exception, operation: str, broken: type[AwsError]) -> AwsError:
    name = type(error).__name__
    if isinstance(error, _BROKEN):
        return broken(operation, name, HINT_NETWORK)
    return Unusable(operation, name, _lasting_hint(error))


def no_client(error: Exception) -> Unusable:
    """What it means that a client could not even be made: one of `NO_CLIENT`."""
    return Unusable("connect", type(error).__name__, _lasting_hint(error))


def _lasting_hint(error: Exception) -> str:
    """botocore calls a region or an endpoint that is none a plain `ValueError`, or one of its own."""
    if isinstance(error, (json.JSONDecodeError, UnicodeError)):  # what a credential_process wrote
        return HINT_RIGHTS
    return HINT_ENDPOINT if isinstance(error, (ValueError, *_NO_ENDPOINT)) else HINT_RIGHTS


def _reply(error: boto.ClientError) -> ErrorReply:
    body, meta = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
    return ErrorReply(
        code=plain_word(body.get("Code")) or "Unknown",
        status=int(meta.get("HTTPStatusCode", 0)),
        text=str(body.get("Message", "")),
        retry_after=str(meta.get("HTTPHeaders", {}).get("retry-after", "")),
    )
