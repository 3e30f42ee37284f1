"""The child's half of the conversation, on a thread of the test: whose fault is what, and what is asked of whom."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from recognition.decoding import child
from recognition.decoding.messages import MAX_WORDS_BYTES, Budget, Silence, receive, receive_into, send
from recognition.errors import ClipRejected
from tests.encoded import Kind, encode, quarters, seen_quarters


@pytest.fixture
def connection() -> Iterator[socket.socket]:
    """The function's end; the child serves the other."""
    ours, its = socket.socketpair()
    thread = threading.Thread(target=child.serve, args=(its,))
    thread.start()
    with its:
        with ours:
            yield ours
        thread.join()


def ask_rows(connection: socket.socket) -> tuple[dict[str, Any], bytes]:
    """One of a frame's two pictures."""
    rows, length = receive(connection)
    payload = bytearray(length)
    receive_into(connection, memoryview(payload))
    return rows, bytes(payload)


def ask(connection: socket.socket, clip: bytes, words: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The child's answer and its payload, after it was given what it wanted of the clip."""
    send(connection, words)
    while True:
        answer, length = receive(connection)
        payload = bytearray(length)
        receive_into(connection, memoryview(payload))
        if answer["kind"] == "frame":
            (rgb, pixels), (grey, _) = ask_rows(connection), ask_rows(connection)
            return answer | rgb | {"kind": "frame", "grey": grey}, pixels
        if answer["kind"] != "read":
            return answer, bytes(payload)
        send(connection, {"kind": "bytes"}, clip[answer["offset"] : answer["offset"] + answer["length"]])


def test_pictures_come_one_by_one_and_then_an_end(connection: socket.socket) -> None:
    clip = encode(Kind(), [quarters(64, 48)] * 10)
    opened, _ = ask(connection, clip, {"kind": "open", "size": len(clip)})
    assert opened == {"kind": "opened", "duration_s": 1.0}
    times = []
    answer, payload = ask(connection, clip, {"kind": "frames", "moments": [0.0, 0.5]})
    while answer["kind"] == "frame":
        times.append(answer["time_s"])
        assert len(payload) == answer["row_bytes"] * 48
        answer, payload = ask(connection, clip, {"kind": "next"})
    assert times == pytest.approx([0.0, 0.6], abs=0.11)
    assert answer == {"kind": "end"}


def test_one_shot_can_be_asked_between_two_pictures(connection: socket.socket) -> None:
    clip = encode(Kind(), [quarters(64, 48)] * 10)
    ask(connection, clip, {"kind": "open", "size": len(clip)})
    ask(connection, clip, {"kind": "frames", "moments": [0.0, 0.5]})
    assert ask(connection, clip, {"kind": "single_shot"})[0] == {"kind": "single_shot", "is": True}
    assert ask(connection, clip, {"kind": "next"})[0]["kind"] == "frame"


@pytest.mark.parametrize(
    ("raised", "kind", "reason"),
    [
        (ClipRejected("too long"), "rejected", "too long"),
        (MemoryError(), "rejected", "memory"),
        (LookupError(), "rejected", "cannot be decoded"),
        (TypeError("ours"), "failed", "TypeError: ours"),
    ],
)
def test_whatever_is_raised_ends_with_a_reason_and_whose_fault_it_is(
    connection: socket.socket, monkeypatch: pytest.MonkeyPatch, raised: Exception, kind: str, reason: str
) -> None:
    def fail(file: object) -> None:
        raise raised

    monkeypatch.setattr(child, "open_container", fail)
    answer, _ = ask(connection, b"", {"kind": "open", "size": 0})
    assert answer["kind"] == kind
    assert reason in answer["reason"]


def test_the_function_hanging_up_ends_the_child(connection: socket.socket) -> None:
    send(connection, {"kind": "open", "size": 100})
    receive(connection)
    connection.shutdown(socket.SHUT_RDWR)  # the fixture waits for the child's thread


def test_a_rehearsal_loads_what_decoding_needs() -> None:
    child.rehearse()


def test_a_message_that_is_too_long_or_no_object_is_refused() -> None:
    ours, its = socket.socketpair()
    with ours, its:
        its.sendall((MAX_WORDS_BYTES + 1).to_bytes(4, "big") + bytes(4))
        with pytest.raises(ValueError, match="bytes"):
            receive(ours)
        its.sendall((2).to_bytes(4, "big") + bytes(4) + b"[]")
        with pytest.raises(ValueError, match="without words"):
            receive(ours)


def test_only_waiting_uses_up_a_budget() -> None:
    ours, its = socket.socketpair()
    budget = Budget(0.05)
    with ours, its:
        send(its, {"kind": "here"})
        assert receive(ours, budget) == ({"kind": "here"}, 0)
        left = budget.left
        assert left > 0
        with pytest.raises(Silence):
            receive(ours, budget)
        with pytest.raises(Silence):
            receive(ours, budget)
    assert budget.left <= 0


def test_colours_survive_the_way(connection: socket.socket) -> None:
    import numpy as np

    clip = encode(Kind(), [quarters(64, 48)] * 2)
    ask(connection, clip, {"kind": "open", "size": len(clip)})
    answer, payload = ask(connection, clip, {"kind": "frames", "moments": [0.0]})
    rows = np.frombuffer(payload, dtype=np.uint8).reshape(answer["height"], answer["row_bytes"])
    picture = rows[:, : 3 * answer["width"]].reshape(answer["height"], answer["width"], 3)
    np.testing.assert_allclose(seen_quarters(picture), seen_quarters(quarters(64, 48)), atol=30)
