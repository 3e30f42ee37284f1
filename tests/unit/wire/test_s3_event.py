"""Reading S3's notifications."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import WireError
from wire.s3_event import Notification, Upload, read_notification


def record(**changes: Any) -> dict[str, Any]:
    """A record as S3 writes it; `changes` replaces fields of its object, or of the record itself."""
    thing = {"key": "cse546/cam1.mp4", "size": 1024, "eTag": "d41d8", "versionId": "v1", "sequencer": "0055AED6DCD9"}
    whole = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": "clips"}, "object": thing},
    }
    thing |= {name: value for name, value in changes.items() if name not in whole}
    return whole | {name: value for name, value in changes.items() if name in whole}


def read(*records: object) -> Notification:
    return read_notification(json.dumps({"Records": list(records)}))


def test_a_put_event_becomes_an_upload() -> None:
    assert read(record()).uploads == (Upload("clips", "cse546/cam1.mp4", "v1", "d41d8", "0055AED6DCD9", 1024),)


def test_the_test_event_asks_for_nothing() -> None:
    body = '{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"clips"}'
    assert read_notification(body) == Notification()


@pytest.mark.parametrize(
    ("encoded", "key"),
    [
        ("a+b.mp4", "a b.mp4"),
        ("a%2Bb.mp4", "a+b.mp4"),
        ("a%252Bb.mp4", "a%2Bb.mp4"),
        ("%F0%9F%8E%93.mp4", "🎓.mp4"),
        ("../../etc/passwd", "../../etc/passwd"),
        ("%24%28touch+x%29", "$(touch x)"),
        ("-rf", "-rf"),
        ("a%0Ab.mp4", "a\nb.mp4"),
    ],
)
def test_a_key_is_decoded_exactly_once(encoded: str, key: str) -> None:
    assert read(record(key=encoded)).uploads[0].key == key


@pytest.mark.fault(14)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200))
def test_every_key_survives_s3s_encoding(key: str) -> None:
    assert read(record(key=quote_plus(key))).uploads[0].key == key


@pytest.mark.fault(13)
@pytest.mark.parametrize("body", ["", "{", "[]", "3", "null", "{}", '{"Records": []}', '{"Records": 3}', "[" * 5000])
def test_a_body_that_is_no_notification_is_refused(body: str) -> None:
    with pytest.raises(WireError):
        read_notification(body)


@pytest.mark.parametrize(
    "changes",
    [
        {"eventVersion": "3.0"},
        {"eventVersion": None},
        {"eventName": "ObjectRemoved:Delete"},
        {"s3": None},
        {"s3": {"bucket": {"name": ""}, "object": {"key": "k", "size": 1}}},
        {"key": ""},
        {"key": 3},
        {"key": "%FF.mp4"},
        {"key": "half \ud83c"},
        {"key": "a" * 1025},
        {"size": -1},
        {"size": "1"},
        {"size": True},
        {"size": None},
        {"sequencer": "xyz"},
        {"versionId": 7},
        {"versionId": "null", "eTag": None, "sequencer": None},
    ],
)
def test_a_record_with_one_thing_wrong_is_a_fault_that_names_it(changes: dict[str, Any]) -> None:
    found = read(record(**changes))
    assert found.uploads == ()
    assert [fault.record for fault in found.faults] == [0]
    assert found.faults[0].reason


@pytest.mark.fault(15)
def test_a_bad_record_neither_blocks_nor_loses_its_neighbours() -> None:
    found = read(record(key="one"), {"nonsense": True}, record(key="three"))
    assert [upload.key for upload in found.uploads] == ["one", "three"]
    assert [fault.record for fault in found.faults] == [1]
    assert [(number, upload.key) for number, upload in found.numbered_uploads] == [(0, "one"), (2, "three")]


def test_a_copy_event_with_the_s3_prefix_counts_as_created() -> None:
    assert read(record(eventName="s3:ObjectCreated:CompleteMultipartUpload")).uploads


def test_the_identity_is_the_version_not_the_delivery() -> None:
    first, again = read(record()).uploads[0], read(record(eTag="other", sequencer="FF")).uploads[0]
    assert first.identity == again.identity
    assert first.job_id == again.job_id


def test_without_a_version_id_etag_and_sequencer_make_the_identity() -> None:
    plain, overwritten = (read(record(versionId=None, sequencer=s)).uploads[0] for s in ("01", "02"))
    assert plain.identity != overwritten.identity


def test_a_suspended_versionings_null_is_no_version() -> None:
    one, two = (read(record(versionId="null", eTag=tag)).uploads[0] for tag in ("aa", "bb"))
    assert one.version_id == ""
    assert one.job_id != two.job_id


def test_identities_of_tricky_neighbours_differ() -> None:
    one = Upload("b", 'k", "v', "1", "", "", 0)
    two = Upload("b", "k", 'v", "1', "", "", 0)
    assert one.identity != two.identity


@pytest.mark.parametrize(
    ("mine", "other", "older"),
    [
        ("01", "02", True),
        ("02", "01", False),
        ("01", "01", False),
        ("0A", "0a", False),
        ("09", "0A", True),
        ("1", "10", False),
        ("1", "11", True),
        ("", "11", False),
        ("11", "", False),
    ],
)
def test_sequencers_are_ordered_as_hexadecimal_padded_on_the_right(mine: str, other: str, older: bool) -> None:
    assert Upload("b", "k", "v", "e", mine, 1).is_older_than(other) is older
