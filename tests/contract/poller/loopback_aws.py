"""SQS, CloudWatch and one Lambda function on a loopback port, just enough of each for the real program in a subprocess.

Messages hide for their visibility timeout as in SQS; receipts change with each delivery. `on_invoke` decides what the
function does; it may block, or return None to drop the connection without an answer.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PUT_METRICS = "GraniteServiceVersion20100801.PutMetricData"  # of the protocols CloudWatch knows, botocore takes JSON
IDENTITY = (
    b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    b"<Arn>arn:aws:sts::1:assumed-role/smart-classroom-poller/ada</Arn><UserId>A:ada</UserId><Account>1</Account>"
    b"</GetCallerIdentityResult></GetCallerIdentityResponse>"
)
ERRORS = {"denied": (403, "AccessDeniedException"), "missing": (400, "QueueDoesNotExist"), "broken": (503, "Down")}


@dataclass
class Message:
    body: str
    attributes: dict[str, str]
    message_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    visible_at: float = 0.0
    sent: float = field(default_factory=time.time)
    receipt: str = ""
    count: int = 0


@dataclass
class LoopbackAws:
    url: str = ""
    queues: dict[str, list[Message]] = field(
        default_factory=lambda: {"requests": [], "output": [], "dead": [], "output-dead": []}
    )
    hidden_for: list[int] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    invoked: list[str] = field(default_factory=list)
    metrics: list[dict[str, Any]] = field(default_factory=list)
    broken_with: dict[str, str] = field(default_factory=dict)
    dry_runs: int = 0
    hides_s: int = 120  # what a queue's own visibility timeout is said to be
    clock_off_s: float = 0.0
    on_invoke: Callable[[LoopbackAws, str], tuple[int, dict[str, str], bytes] | None] = lambda aws, body: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def environment(self, folder: Path, **changes: str) -> dict[str, str]:
        """What the poller's environment file would say here; its results go into `folder`."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": "us-east-1",
            "REQUEST_QUEUE_URL": f"{self.url}/1/requests",
            "OUTPUT_QUEUE_URL": f"{self.url}/1/output",
            "DEAD_LETTER_QUEUE_URL": f"{self.url}/1/dead",
            "OUTPUT_DEAD_LETTER_QUEUE_URL": f"{self.url}/1/output-dead",
            "FUNCTION_NAME": "smart-classroom",
            "RESULTS_DIR": str(folder),
            **changes,
        }

    def put(self, queue: str, body: str, /, waited_s: float = 0.0, **attributes: str) -> Message:
        with self.lock:
            self.queues[queue].append(Message(body, attributes, sent=time.time() - waited_s))
            return self.queues[queue][-1]

    def attributes_of(self, queue: str, _: dict[str, Any]) -> dict[str, Any]:
        now = time.monotonic()
        with self.lock:
            hidden = len([m for m in self.queues[queue] if m.visible_at > now])
            counts = {"": len(self.queues[queue]) - hidden, "NotVisible": hidden, "Delayed": 0}
        told = {f"ApproximateNumberOfMessages{kind}": str(n) for kind, n in counts.items()}
        return {"Attributes": {**told, "VisibilityTimeout": str(self.hides_s)}}

    def receive(self, queue: str, ask: dict[str, Any]) -> dict[str, Any]:
        give_up = time.monotonic() + min(ask["WaitTimeSeconds"], 0.3)
        while not (found := self._take(queue, ask)) and time.monotonic() < give_up:
            time.sleep(0.02)
        return {"Messages": found}

    def _take(self, queue: str, ask: dict[str, Any]) -> list[dict[str, Any]]:
        now = time.monotonic()
        with self.lock:
            visible = [m for m in self.queues[queue] if m.visible_at <= now][: ask["MaxNumberOfMessages"]]
            for message in visible:
                message.visible_at = now + ask["VisibilityTimeout"]
                message.receipt, message.count = str(uuid.uuid4()), message.count + 1
            return [_told(message, ask["MessageSystemAttributeNames"]) for message in visible]

    def delete(self, queue: str, ask: dict[str, Any]) -> dict[str, Any]:
        gone = {entry["ReceiptHandle"] for entry in ask["Entries"]}
        with self.lock:
            self.queues[queue] = [m for m in self.queues[queue] if m.receipt not in gone]
        return {"Successful": [{"Id": entry["Id"]} for entry in ask["Entries"]], "Failed": []}

    def hide(self, queue: str, ask: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            for entry in ask["Entries"]:
                self.hidden_for.append(entry["VisibilityTimeout"])
                for message in self.queues[queue]:
                    if message.receipt == entry["ReceiptHandle"]:
                        message.visible_at = time.monotonic() + entry["VisibilityTimeout"]
        return {"Successful": [{"Id": entry["Id"]} for entry in ask["Entries"]], "Failed": []}

    def send(self, queue: str, ask: dict[str, Any]) -> dict[str, Any]:
        attributes = {name: value["StringValue"] for name, value in ask.get("MessageAttributes", {}).items()}
        with self.lock:
            self.queues[queue].append(Message(ask["MessageBody"], attributes))
        return {"MessageId": "sent"}


def _told(message: Message, wanted: list[str]) -> dict[str, Any]:
    known = {"ApproximateReceiveCount": str(message.count), "SentTimestamp": str(int(message.sent * 1000))}
    return {
        "MessageId": message.message_id,
        "ReceiptHandle": message.receipt,
        "Body": message.body,
        "MD5OfBody": hashlib.md5(message.body.encode(), usedforsecurity=False).hexdigest(),
        "Attributes": {name: known[name] for name in wanted},
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in message.attributes.items()
        },
    }


def _refusal(fault: str) -> tuple[int, dict[str, str], bytes]:
    status, code = ERRORS[fault]
    return status, {"x-amzn-errortype": code}, json.dumps({"__type": code, "message": "no"}).encode()


OPERATIONS = {
    "ReceiveMessage": LoopbackAws.receive,
    "DeleteMessageBatch": LoopbackAws.delete,
    "ChangeMessageVisibilityBatch": LoopbackAws.hide,
    "SendMessage": LoopbackAws.send,
    "GetQueueAttributes": LoopbackAws.attributes_of,
}


@contextmanager
def loopback_aws() -> Iterator[LoopbackAws]:
    aws = LoopbackAws()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            answer = self._answer(content)
            if answer is None:
                self.close_connection = True
                return
            status, headers, payload = answer
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(payload))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(payload)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(int((timestamp or time.time()) + aws.clock_off_s))

        def _answer(self, content: bytes) -> tuple[int, dict[str, str], bytes] | None:
            target = self.headers.get("X-Amz-Target")
            if target == PUT_METRICS:
                return self._metrics(content)
            if target:
                return self._sqs(content)
            if content.startswith(b"Action=GetCallerIdentity"):
                return 200, {"Content-Type": "text/xml"}, IDENTITY
            if self.headers.get("X-Amz-Invocation-Type") == "DryRun":
                if fault := aws.broken_with.get("function"):
                    return _refusal(fault)
                aws.dry_runs += 1
                return 204, {}, b""
            return self._invoke(content)

        def _metrics(self, content: bytes) -> tuple[int, dict[str, str], bytes]:
            if fault := aws.broken_with.get("metrics"):
                return _refusal(fault)
            with aws.lock:
                aws.metrics.append(json.loads(content))
            return 200, {}, b"{}"

        def _sqs(self, content: bytes) -> tuple[int, dict[str, str], bytes]:
            operation, ask = self.headers["X-Amz-Target"].split(".")[1], json.loads(content)
            queue = ask["QueueUrl"].rsplit("/", 1)[1]
            with aws.lock:
                aws.calls.append(f"{operation} {queue}")
            if fault := aws.broken_with.get(queue):
                return _refusal(fault)
            return 200, {}, json.dumps(OPERATIONS[operation](aws, queue, ask)).encode()

        def _invoke(self, content: bytes) -> tuple[int, dict[str, str], bytes] | None:
            body = json.loads(content)["body"]
            with aws.lock:
                aws.invoked.append(body)
            return aws.on_invoke(aws, body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    aws.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield aws
    finally:
        server.shutdown()
        server.server_close()
