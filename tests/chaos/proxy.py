"""A loopback proxy in front of an AWS endpoint that breaks one call or another on purpose.

It forwards bytes as they are, so signatures stay valid, and knows just enough of the protocols to name a call. The
surprising rule: a fault says what happens on both sides of the wire: whether the service saw the request at all, and
what became of its answer.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

HOP_BY_HOP = frozenset({"connection", "transfer-encoding", "keep-alive", "content-length", "date", "server"})


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way. `operation` is SQS's, DynamoDB's or CloudWatch's own word, `Invoke`, or S3's method.

    `signed_at`: what the signature says the time was, `20261124T120000Z`.
    """

    operation: str
    path: str
    body: bytes
    signed_at: str = ""

    @property
    def queue(self) -> str:
        """The last part of the queue's URL, empty if this is no queue's call."""
        if self.operation == "Invoke" or not self.body.startswith(b"{"):
            return ""
        return str(self.asked.get("QueueUrl", "")).rsplit("/", 1)[-1]

    @property
    def asked(self) -> dict[str, Any]:
        """The parameters of a JSON protocol's call."""
        parameters: dict[str, Any] = json.loads(self.body)
        return parameters


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    content: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with a call. The plain one changes nothing.

    `forward` False: the service never sees it. `answer`: this instead of the service's, or made from it.
    `wait_s`: seconds before forwarding; `hold_s`: seconds before answering. `drop`: the connection ends without an
    answer; `cut`: after so many bytes of its content, although more were announced.
    """

    forward: bool = True
    answer: Callable[[Answer | None], Answer] | None = None
    wait_s: float = 0.0
    hold_s: float = 0.0
    drop: bool = False
    cut: int | None = None


LOST_REQUEST = Fault(forward=False, drop=True)
LOST_ANSWER = Fault(drop=True)


def error(status: int, code: str, message: str = "on purpose", **headers: str) -> Fault:
    """The service's own error reply, in the JSON protocols' form; the call is not carried out."""
    said = json.dumps({"__type": code, "message": message, "Message": message}).encode()
    told = {"content-type": "application/x-amz-json-1.0", "x-amzn-errortype": code}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(forward=False, answer=lambda _: Answer(status, tuple(told.items()), said))


def said(content: bytes, status: int = 200) -> Fault:
    """Some other bytes than the service's answer, which it did give."""
    return Fault(answer=lambda _: Answer(status, (("content-type", "application/json"),), content))


def instead(content: object) -> Fault:
    """JSON that the service never said: the call is not carried out."""
    said = json.dumps(content).encode()
    return Fault(forward=False, answer=lambda _: Answer(200, (("content-type", "application/x-amz-json-1.0"),), said))


def changed(change: Callable[[dict[str, Any]], object]) -> Fault:
    """The service's own JSON answer with `change` made to it."""

    def answer(given: Answer | None) -> Answer:
        assert given
        return replace(given, content=json.dumps(change(json.loads(given.content))).encode())

    return Fault(answer=answer)


@dataclass
class Proxy:
    """Faults wait in `faults` for calls by operation and queue; `choose`, if set, is asked for all others."""

    upstream: str
    url: str = ""
    calls: list[Call] = field(default_factory=list)
    choose: Callable[[Call], Fault | None] = lambda call: None
    after: Callable[[Call], None] = lambda call: None
    _faults: list[tuple[str, str, Fault]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def on(self, operation: str, fault: Fault, queue: str = "", times: int = 1) -> None:
        """Let the next `times` calls of this operation (on a queue whose name ends so) have `fault`."""
        with self._lock:
            self._faults += [(operation, queue, fault)] * times

    def forget(self) -> None:
        """Be as new: no faults, no calls."""
        with self._lock:
            self.calls.clear()
            self._faults.clear()
        self.choose = lambda call: None

    def count(self, operation: str, queue: str = "") -> int:
        """How many such calls came to the proxy."""
        with self._lock:
            return sum(c.operation == operation and c.queue.endswith(queue) for c in self.calls)

    def wait_for(self, operation: str, queue: str = "", times: int = 1, within_s: float = 30.0) -> None:
        """Return once so many such calls have come."""
        deadline = time.monotonic() + within_s
        while self.count(operation, queue) < times:
            assert time.monotonic() < deadline, f"{operation} {queue} did not come {times} time(s)"
            time.sleep(0.02)

    def fault_for(self, call: Call) -> Fault:
        with self._lock:
            self.calls.append(call)
            for waiting in self._faults:
                operation, queue, fault = waiting
                if operation == call.operation and call.queue.endswith(queue):
                    self._faults.remove(waiting)
                    return fault
        return self.choose(call) or Fault()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    proxy: Proxy
    upstream: http.client.HTTPConnection | None = None

    def log_message(self, *_: object) -> None:
        pass

    def _serve(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        call = Call(self._operation(), self.path, content, self.headers.get("X-Amz-Date", ""))
        fault = self.proxy.fault_for(call)
        time.sleep(fault.wait_s)
        answer = self._forward(content) if fault.forward else None
        if answer:
            self.proxy.after(call)
        time.sleep(fault.hold_s)
        if fault.answer:
            answer = fault.answer(answer)
        if fault.drop or answer is None:
            self._hang_up()
        else:
            self._answer(answer, fault.cut)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _serve  # noqa: N815  (the library's names)

    def _operation(self) -> str:
        if target := self.headers.get("X-Amz-Target"):
            return str(target).rsplit(".", 1)[-1]
        return "Invoke" if self.path.endswith("/invocations") else self.command

    def _forward(self, content: bytes) -> Answer:
        if self.upstream is None:
            where = urlsplit(self.proxy.upstream)
            self.upstream = http.client.HTTPConnection(str(where.hostname), where.port, timeout=120)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "expect"}
        self.upstream.request(self.command, self.path, content, headers)
        reply = self.upstream.getresponse()
        told = tuple((name, value) for name, value in reply.getheaders() if name.lower() not in HOP_BY_HOP)
        length = reply.getheader("Content-Length")
        if self.command == "HEAD" and length is not None:
            told += (("Content-Length", length),)
        return Answer(reply.status, told, reply.read())

    def _answer(self, answer: Answer, cut: int | None) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content[:cut])
        if cut is not None:
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def finish(self) -> None:
        super().finish()
        if self.upstream:
            self.upstream.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """A client that was killed hangs up in the middle; that is what these tests are for."""


@contextmanager
def proxy_to(upstream: str) -> Iterator[Proxy]:
    """A proxy on a free port of the loopback in front of `upstream`, for the length of a `with`."""
    proxy = Proxy(upstream)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": proxy}))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
