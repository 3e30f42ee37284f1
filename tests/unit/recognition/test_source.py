"""Ranged reads behind a seekable file."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition.source import BLOCK_BYTES, KEPT_BLOCKS, MOST_BLOCKS, RangedReader

DATA = bytes(range(256)) * (3 * BLOCK_BYTES // 256) + b"the end"


def reader(data: bytes = DATA) -> RangedReader:
    return RangedReader(lambda first, last: data[first : last + 1], len(data))


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, len(DATA) + 10), st.integers(0, 2_000_000)), max_size=6))
def test_every_read_gives_what_a_plain_file_gives(jumps: list[tuple[int, int]]) -> None:
    ours, plain = io.BufferedReader(reader()), io.BytesIO(DATA)
    for position, length in jumps:
        assert ours.seek(position) == plain.seek(position)
        assert ours.read(length) == plain.read(length)


def test_reading_the_end_fetches_the_last_block_only() -> None:
    ours = reader()
    ours.seek(-7, io.SEEK_END)
    assert ours.read(100) == b"the end"
    assert ours.bytes_read == 7


def test_a_block_is_fetched_once() -> None:
    ours = reader()
    for _ in range(3):
        ours.seek(2 * BLOCK_BYTES + 10)
        ours.read(5)
    assert ours.bytes_read == BLOCK_BYTES


def test_reading_on_fetches_more_at_a_time_and_a_jump_a_single_block() -> None:
    asked: list[tuple[int, int]] = []

    def fetch(first: int, last: int) -> bytes:
        asked.append((first // BLOCK_BYTES, (last + 1) // BLOCK_BYTES))
        return bytes(last - first + 1)

    ours = RangedReader(fetch, 40 * BLOCK_BYTES)
    for number in (0, 1, 2, 3, 4, 20, 21, 22, 23, 24, 25, 26, 27, 10):
        ours.seek(number * BLOCK_BYTES)
        ours.read(1)
    assert asked == [(0, 4), (4, 8), (20, 21), (21, 23), (23, 27), (27, 31), (10, 11)]


def test_whoever_reads_a_file_through_fetches_each_byte_once() -> None:
    ours = reader()
    assert len(io.BufferedReader(ours).read()) == len(DATA) == ours.bytes_read


def test_memory_is_bounded_by_forgetting_the_oldest_block() -> None:
    size = (KEPT_BLOCKS + MOST_BLOCKS) * BLOCK_BYTES
    ours = RangedReader(lambda first, last: bytes(last - first + 1), size)
    for number in (*range(KEPT_BLOCKS + MOST_BLOCKS), 0):
        ours.seek(number * BLOCK_BYTES)
        ours.read(1)
    assert ours.bytes_read == (KEPT_BLOCKS + MOST_BLOCKS + 1) * BLOCK_BYTES


def test_an_error_of_the_network_passes_through_as_it_is() -> None:
    def broken(first: int, last: int) -> bytes:
        raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError):
        RangedReader(broken, 10).read(1)


def test_seeking_before_the_start_is_refused() -> None:
    with pytest.raises(ValueError, match="before the start"):
        reader().seek(-1)
