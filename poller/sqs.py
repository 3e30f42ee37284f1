"""One SQS queue behind `ports.Queue`. Repeating any of its calls is safe, so each is repeated a few times.

Knows no boto3: `aws` hands in `call(operation, **parameters)`. The surprising rule: a batch succeeds entry by entry,
and only what the answer does not call successful is sent again, one by one. Silence is no success: botocore
makes an empty answer out of a proxy's error page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from poller.errors import Refused, Transient
from poller.patience import backoff
from poller.ports import BATCH, Delivery, Depth

TRIES = 5
TIMESTAMP_DIGITS = 15  # milliseconds: enough for 30,000 years
COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)

T = TypeVar("T")


class Call(Protocol):
    """One request to the queue. Raises `Transient`, `Refused` or `Unusable`."""

    def __call__(self, operation: str, **parameters: Any) -> dict[str, Any]: ...


class SqsQueue:
    """See `ports.Queue`."""

    def __init__(self, call: Call, sleep: Callable[[float], None]) -> None:
        self._once, self._sleep = call, sleep

    def receive(self, at_most: int, wait_s: int, visibility_s: int) -> list[Delivery]:
        """Long-poll once."""
        found = self._call(
            "receive_message",
            MaxNumberOfMessages=at_most,
            WaitTimeSeconds=wait_s,
            VisibilityTimeout=visibility_s,
            MessageSystemAttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
            MessageAttributeNames=["reason", "queue"],
        )
        return [_delivery(message) for message in found.get("Messages", ())]

    def delete(self, receipts: Sequence[str]) -> frozenset[str]:
        """Delete, ten a request; return the receipts of what is left."""
        return self._batches("delete_message_batch", [{"ReceiptHandle": receipt} for receipt in receipts])

    def set_visibility(self, seconds: Mapping[str, int]) -> frozenset[str]:
        """Hide for so many seconds from now, ten a request; return the receipts that this failed for."""
        entries = [{"ReceiptHandle": receipt, "VisibilityTimeout": s} for receipt, s in seconds.items()]
        return self._batches("change_message_visibility_batch", entries)

    def send(self, body: str, attributes: Mapping[str, str]) -> None:
        """Send one message. Repeated after a lost answer, it may arrive twice."""
        typed = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}

        def once() -> None:
            if "MessageId" not in self._once("send_message", MessageBody=body, MessageAttributes=typed):
                raise Transient("send_message", "NoMessageId")

        self._patiently(once)

    def depth(self) -> Depth:
        """How much is in it, by SQS' own approximate count."""
        answer = self._call("get_queue_attributes", AttributeNames=list(COUNTS))
        return Depth(*(int(answer.get("Attributes", {}).get(name, 0)) for name in COUNTS))

    def hides_s(self) -> int:
        """The queue's own visibility timeout."""
        answer = self._call("get_queue_attributes", AttributeNames=["VisibilityTimeout"])
        return int(answer.get("Attributes", {}).get("VisibilityTimeout", 0))

    def _batches(self, operation: str, entries: list[dict[str, Any]]) -> frozenset[str]:
        chunks = (entries[start : start + BATCH] for start in range(0, len(entries), BATCH))
        return frozenset(receipt for chunk in chunks for receipt in self._batch(operation, chunk))

    def _batch(self, operation: str, entries: list[dict[str, Any]]) -> Iterator[str]:
        numbered = [{"Id": str(n), **entry} for n, entry in enumerate(entries)]
        answer = self._call(operation, Entries=numbered)
        hopeless = {failure["Id"] for failure in answer.get("Failed", ()) if failure.get("SenderFault")}
        for entry in _not_in(answer, numbered):
            if entry["Id"] in hopeless or not self._single(operation, entry):
                yield str(entry["ReceiptHandle"])

    def _single(self, operation: str, entry: dict[str, Any]) -> bool:
        def once() -> None:
            answer = self._once(operation, Entries=[entry])
            if _not_in(answer, [entry]):
                hopeless = any(failure.get("SenderFault") for failure in answer.get("Failed", ()))
                raise (Refused if hopeless else Transient)(operation, "BatchEntryFailed")

        try:
            self._patiently(once)
        except (Transient, Refused):
            return False
        return True

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return self._patiently(lambda: self._once(operation, **parameters))

    def _patiently(self, once: Callable[[], T]) -> T:
        return Retrying(
            retry=retry_if_exception_type(Transient),
            wait=backoff,
            stop=stop_after_attempt(TRIES),
            sleep=self._sleep,
            reraise=True,
        )(once)


def _not_in(answer: Mapping[str, Any], entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries that a batch's answer does not call successful; an answer that is none leaves them all."""
    successful = {success["Id"] for success in answer.get("Successful", ())}
    return [entry for entry in entries if entry["Id"] not in successful]


def _delivery(message: Mapping[str, Any]) -> Delivery:
    attributes = message.get("Attributes", {})
    return Delivery(
        message_id=message["MessageId"],
        receipt=message["ReceiptHandle"],
        body=message["Body"],
        receive_count=int(attributes.get("ApproximateReceiveCount", "1")),
        sent=_seconds(attributes.get("SentTimestamp")),
        attributes={name: value.get("StringValue", "") for name, value in message.get("MessageAttributes", {}).items()},
    )


def _seconds(milliseconds: object) -> float | None:
    """Epoch seconds out of SQS's text; None if there is none, or none that could be a time: it is only reported."""
    text = str(milliseconds)
    return int(text) / 1000 if text.isascii() and text.isdigit() and len(text) <= TIMESTAMP_DIGITS else None
