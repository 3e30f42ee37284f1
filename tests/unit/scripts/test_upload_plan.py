"""Which files an upload sends, under which keys, in which order; and when an object counts as already there."""

from dataclasses import replace
from pathlib import Path

import pytest
from upload_plan import Fingerprint, Stored, choose_files, plan, read_fingerprint

LOCAL = Fingerprint(size=3, md5="900150983cd24fb0d6963f7d28e17f72", sha256="ba7816bf")


def folder_with(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return root


def keys(root: Path, **options: object) -> list[str]:
    return [sending.key for sending in plan(root, choose_files(root).files, **options)]  # type: ignore[arg-type]


def test_clips_are_sent_in_natural_order(tmp_path: Path) -> None:
    folder_with(tmp_path, "test_10.mp4", "test_2.mp4", "test_1.mp4")
    assert keys(tmp_path) == ["test_1.mp4", "test_2.mp4", "test_10.mp4"]


def test_a_key_is_the_path_within_the_folder_as_it_is(tmp_path: Path) -> None:
    names = ["a+b c.mp4", "häagen/日本 2%.mov"]
    assert sorted(keys(folder_with(tmp_path, *names))) == sorted(names)


def test_a_prefix_goes_in_front_of_every_key(tmp_path: Path) -> None:
    assert keys(folder_with(tmp_path, "a.mp4"), prefix="monday/") == ["monday/a.mp4"]


def test_only_clips_are_sent_and_the_rest_is_named_with_its_reason(tmp_path: Path) -> None:
    choice = choose_files(folder_with(tmp_path, "a.MP4", "b.webm", "notes.txt", ".DS_Store", "._a.mp4"))
    assert [path.name for path in choice.files] == ["a.MP4", "b.webm"]
    assert {path.name: reason.split()[0] for path, reason in choice.left} == {
        "notes.txt": "not",
        ".DS_Store": "hidden",
        "._a.mp4": "hidden",
    }


def test_every_visible_file_is_sent_when_that_is_asked_for(tmp_path: Path) -> None:
    choice = choose_files(folder_with(tmp_path, "a.mp4", "notes.txt", ".hidden"), every_file=True)
    assert [path.name for path in choice.files] == ["a.mp4", "notes.txt"]


def test_request_n_is_a_copy_of_clip_n_modulo_the_number_of_clips(tmp_path: Path) -> None:
    files = choose_files(folder_with(tmp_path, "test_0.mp4", "test_2.mov", "test_10.mp4")).files
    sendings = plan(tmp_path, files, requests=5)
    assert [sending.key for sending in sendings] == [
        "test_0.mp4",
        "test_1.mov",
        "test_2.mp4",
        "test_3.mp4",
        "test_4.mov",
    ]
    assert [sending.source.name for sending in sendings[2:4]] == ["test_10.mp4", "test_0.mp4"]


def test_fewer_requests_than_clips_send_the_first_clips_only(tmp_path: Path) -> None:
    assert keys(folder_with(tmp_path, "a.mp4", "b.mp4"), requests=1) == ["test_0.mp4"]


def test_a_key_longer_than_s3_takes_is_refused(tmp_path: Path) -> None:
    folder_with(tmp_path, "a.mp4")
    with pytest.raises(ValueError, match="1024 bytes"):
        keys(tmp_path, prefix="x" * 1020)


def test_an_object_with_the_same_size_and_etag_is_there_already() -> None:
    assert LOCAL.is_stored_as(Stored(3, LOCAL.md5))


def test_an_object_sent_in_parts_is_there_already_if_our_sha256_says_so() -> None:
    assert LOCAL.is_stored_as(Stored(3, "0123-2", LOCAL.sha256))


@pytest.mark.parametrize(
    "stored",
    [None, Stored(4, LOCAL.md5, LOCAL.sha256), Stored(3, "0123"), Stored(3, "0123-2"), Stored(3, "0123-2", "other")],
)
def test_anything_else_is_sent_again(stored: Stored | None) -> None:
    assert not LOCAL.is_stored_as(stored)


def test_a_fingerprint_is_of_the_files_bytes(tmp_path: Path) -> None:
    path = tmp_path / "abc"
    path.write_bytes(b"abc")
    print_ = read_fingerprint(path)
    assert replace(print_, sha256=print_.sha256[:8]) == LOCAL
