"""What can go wrong in a tick, sorted by what the tick does about it.

Nothing here knows botocore; `aws` translates. No message in here may carry a key, a body or a receipt handle.
"""

from __future__ import annotations

from collections.abc import Sequence


class PollerError(Exception):
    """Anything the poller itself reports."""


class SettingsError(PollerError):
    """The environment cannot be used; every problem is named at once."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class AwsError(PollerError):
    """A call to AWS that did not succeed. `code` is AWS's own word or the name of the library's exception."""

    def __init__(self, operation: str, code: str, hint: str = "", retry_after_s: float = 0.0) -> None:
        super().__init__(f"{operation}: {code}" + (f" ({hint})" if hint else ""))
        self.operation = operation
        self.code = code
        self.hint = hint
        self.retry_after_s = retry_after_s


class Transient(AwsError):
    """A throttle, a server error or a broken connection: the same call may succeed later."""


class Refused(AwsError):
    """AWS will not take this very request, now or later."""


class Unusable(AwsError):
    """Rights, credentials, clock or a missing queue or function: nobody but an operator can help."""


class NotStarted(AwsError):
    """The invocation certainly never began: throttled, or a deployment is under way."""


class Unreachable(NotStarted):
    """The invocation never began, because no connection came about."""


class UnknownOutcome(AwsError):
    """The request left, and no whole answer came back: the function may still be running."""


class FunctionFailed(AwsError):
    """The function ran and raised, timed out or died; `code` is the error's type, never its text."""
