"""The clients that `python -m poller.doctor` examines AWS with.

The surprising rule: the time comes from the replies themselves, whatever they say: AWS dates a refusal as well.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import boto3
from botocore.exceptions import NoCredentialsError

from poller.aws import SHORT_WAIT_S, queue, queue_config
from poller.failures import FAILURES, NO_CLIENT, invocation_failure, queue_failure
from poller.sqs import SqsQueue


@dataclass(frozen=True, slots=True)
class Instruments:
    """What `doctor` examines AWS with; see `examine.cloud.Instruments`."""

    key_id: str
    sts: Any
    sqs: Any
    function: Any
    sleep: Callable[[float], None]
    dates: list[float]

    def identity(self) -> str:
        """The ARN AWS knows us by."""
        try:
            return str(self.sts.get_caller_identity()["Arn"])
        except FAILURES as error:
            raise queue_failure(error, "GetCallerIdentity") from error

    def dry_run(self, function: str) -> None:
        """Ask whether we might invoke the function, without doing so."""
        try:
            self.function.invoke(FunctionName=function, InvocationType="DryRun", Payload=b"{}")
        except FAILURES as error:
            raise invocation_failure(error) from error

    def queue(self, url: str) -> SqsQueue:
        """The queue at `url`."""
        return queue(self.sqs, url, self.sleep)

    def key_end(self) -> str:
        """The last four characters of the access key's id."""
        return self.key_id[-4:]

    def skews(self) -> Sequence[float]:
        """AWS' clock less ours, in seconds, at each reply so far."""
        return list(self.dates)


def instruments(region: str, sleep: Callable[[float], None], now: Callable[[], float]) -> Instruments:
    """Clients with real credentials, which may take its time: a program may have to be run. Raises `AwsError`."""
    dates: list[float] = []

    def note_date(parsed_response: dict[str, Any] | None = None, **_: object) -> None:
        headers = (parsed_response or {}).get("ResponseMetadata", {}).get("HTTPHeaders", {})
        with contextlib.suppress(ValueError, TypeError, KeyError):
            dates.append(parsedate_to_datetime(headers["date"]).timestamp() - now())

    config = queue_config(1, SHORT_WAIT_S)
    try:
        session = boto3.session.Session(region_name=region)
        session.events.register("response-received", note_date)  # before any client: they copy the session's handlers
        credentials = session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        key_id = str(credentials.get_frozen_credentials().access_key)
        sts, sqs, function = (session.client(name, config=config) for name in ("sts", "sqs", "lambda"))
    except (*FAILURES, *NO_CLIENT) as error:
        raise queue_failure(error, "connect") from error
    return Instruments(key_id, sts, sqs, function, sleep, dates)
