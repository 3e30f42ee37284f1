"""The loop of the original system, in our own words: one message, one clip, one file at a time, and a second's sleep.

    receive one request without waiting · invoke · fetch its result, sleeping a second between two looks ·
    write the CSV · delete both · sleep a second

Kept as a baseline only. The surprising rule: it invokes the same function on the same clips as the poller does, so that
what is compared is the loop alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud import Cloud
from localcloud.deployment import client
from wire.result_json import read_result

PAUSE_S = 1.0
GIVE_UP_AFTER = 30  # empty looks


@dataclass(frozen=True, slots=True)
class Loop:
    """The clients of the loop: SQS as boto3 has it, the call to the function, and how it sleeps."""

    sqs: Any
    names: Mapping[str, str]
    invoke: Callable[[str], bytes]
    sleep: Callable[[float], None]

    @classmethod
    def on(cls, cloud: Cloud, invoke: Callable[[str], bytes]) -> Loop:
        """The loop on a local cloud."""
        return cls(client("sqs", cloud.operator), cloud.operator, invoke, time.sleep)

    def run(self, count: int, folder: Path, filed: Callable[[int], None]) -> dict[str, str]:
        """File `count` results in `folder`; give each key's CSV. Fewer, when messages stop coming."""
        folder.mkdir(parents=True, exist_ok=True)
        rows: dict[str, str] = {}
        while len(rows) < count and (request := self._next("REQUEST_QUEUE_URL")):
            self.invoke(request["Body"])
            answer = self._next("OUTPUT_QUEUE_URL")
            if answer is None:
                break
            result = read_result(answer["Body"])
            (folder / f"{len(rows)}.csv").write_text(result.csv, newline="")
            rows[result.upload.key] = result.csv
            self._delete("OUTPUT_QUEUE_URL", answer)
            self._delete("REQUEST_QUEUE_URL", request)
            filed(len(rows))
            self.sleep(PAUSE_S)
        return rows

    def _next(self, queue: str) -> dict[str, Any] | None:
        """The next message of a queue; a short poll each second until there is one."""
        for _ in range(GIVE_UP_AFTER):
            found = self.sqs.receive_message(QueueUrl=self.names[queue], MaxNumberOfMessages=1)
            if messages := found.get("Messages"):
                message: dict[str, Any] = messages[0]
                return message
            self.sleep(PAUSE_S)
        return None

    def _delete(self, queue: str, message: Mapping[str, Any]) -> None:
        self.sqs.delete_message(QueueUrl=self.names[queue], ReceiptHandle=message["ReceiptHandle"])
