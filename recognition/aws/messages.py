"""A queue looked through and put back: what an erasure must see of results under way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from recognition.aws.calls import call
from recognition.erasure.messages import Message

HIDDEN_S = 120
BATCH = 10


@dataclass(frozen=True, slots=True)
class SqsMessages:
    """See `erasure.messages.MessageQueue`."""

    sqs: Any
    queue_url: str
    wait_s: int

    def take(self) -> list[Message]:
        """All that can be had, each hidden from others for two minutes."""
        taken: list[Message] = []
        while True:
            answer = call(
                self.sqs.receive_message,
                QueueUrl=self.queue_url,
                MaxNumberOfMessages=BATCH,
                VisibilityTimeout=HIDDEN_S,
                WaitTimeSeconds=self.wait_s,
                MessageAttributeNames=["All"],
            )
            if not answer.get("Messages"):
                return taken
            taken += map(_message, answer["Messages"])

    def put_back(self, messages: Sequence[Message]) -> None:
        """Let others see them again."""
        for message in messages:
            call(
                self.sqs.change_message_visibility,
                QueueUrl=self.queue_url,
                ReceiptHandle=message.receipt,
                VisibilityTimeout=0,
            )

    def replace(self, message: Message, body: str) -> None:
        """Send `body` instead, then delete the message; nothing is sent if `body` is empty."""
        if body:
            typed = {name: {"DataType": "String", "StringValue": text} for name, text in message.attributes.items()}
            call(self.sqs.send_message, QueueUrl=self.queue_url, MessageBody=body, MessageAttributes=typed)
        call(self.sqs.delete_message, QueueUrl=self.queue_url, ReceiptHandle=message.receipt)


def _message(raw: dict[str, Any]) -> Message:
    attributes = {name: str(value.get("StringValue", "")) for name, value in raw.get("MessageAttributes", {}).items()}
    return Message(raw["Body"], raw["ReceiptHandle"], attributes)
