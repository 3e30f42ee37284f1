"""The request to forget a student: its bytes, and how a program that does not know it takes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from wire.erasure_message import Erasure, digest_of, read_erasure, write_erasure
from wire.errors import NewerSchemaError
from wire.result_json import read_result

GOLDEN = Path(__file__).parents[2] / "contract" / "golden" / "erasure-2.json"
ERASURE = Erasure("7/ä", "2026-11-24T10:00:00+00:00")


def test_schema_2_is_pinned_in_bytes() -> None:
    golden = GOLDEN.read_text(encoding="utf-8").strip()
    assert write_erasure(ERASURE) == golden
    assert read_erasure(golden) == ERASURE


def test_a_reader_of_results_alone_takes_it_for_a_newer_programs_and_keeps_it() -> None:
    with pytest.raises(NewerSchemaError):
        read_result(write_erasure(ERASURE))


def test_a_result_is_no_erasure() -> None:
    assert read_erasure('{"schema": 1, "upload": {}}') is None


def test_the_digest_does_not_say_the_id() -> None:
    assert digest_of("7/ä") != digest_of("7/a")
    assert len(digest_of("7/ä")) == 64
