"""`job_table` from its newest end: pages that neither repeat nor hide, filters, what is being worked on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from recognition.aws.finished import DynamoFinished
from recognition.aws.job_items import DynamoJobItems
from recognition.aws.jobs import DynamoJobs
from recognition.aws.latest import DynamoLatest
from recognition.errors import RecognitionError
from recognition.finished import FinishedVersion
from recognition.jobs import Begun, Entry
from recognition.latest import AtWork, Figures, Page, Place
from recognition.sections import Session
from tests.contract.recognition.worked import work
from tests.decided import SESSION, correction, face, finished
from wire.result_message import Outcome

ADA = face(1, "a", runner_up="b")
T = 1_795_000_000.0
LATER = "2026-11-30T0900"

Ask = Callable[[str | None], Page]


def newest_of(stage: Any, **other: Any) -> DynamoLatest:
    """The lists as they are an hour after `T`."""
    return DynamoLatest(stage.dynamodb, "jobs", lambda: T + 3600, **other)


@pytest.fixture
def newest(stage: Any) -> DynamoLatest:
    return newest_of(stage)


def many(stage: Any, count: int, session: str = SESSION, at: float = T) -> list[FinishedVersion]:
    """So many versions, the newest first; each second one shows Ada, each tenth one was rejected."""
    made = [
        finished(ADA if n % 2 else face(1), clip=f"{n}.mp4", session=session, at=at + n, outcome=outcome_of(n))
        for n in range(count)
    ]
    for version in made:
        work(stage, version)
    return made[::-1]


def outcome_of(number: int) -> Outcome:
    return "rejected" if number % 10 == 4 else "recognised" if number % 2 else "unknown"


def in_pages(ask: Ask) -> Iterator[Page]:
    page = ask(None)
    yield page
    while page.after:
        page = ask(page.after)
        yield page


def forget(stage: Any, version: FinishedVersion) -> None:
    stage.dynamodb.delete_item(TableName="jobs", Key={"job_id": {"S": version.upload.job_id}})


def test_pages_hold_every_version_once_as_it_was_the_newest_first(stage: Any, newest: DynamoLatest) -> None:
    made = many(stage, 230)
    pages = list(in_pages(lambda before: newest.latest(100, before)))
    assert [len(page.versions) for page in pages] == [100, 100, 30]
    assert [version for page in pages for version in page.versions] == made


def test_a_page_that_takes_the_rest_exactly_is_the_last(stage: Any, newest: DynamoLatest) -> None:
    assert newest.latest(6) == Page(())
    made = many(stage, 6)
    first = newest.latest(3)
    assert newest.latest(3, first.after) == Page(tuple(made[3:]))


@pytest.mark.parametrize("limit", [1, 2, 9])
def test_a_list_goes_on_over_quiet_weeks_as_far_as_entries_are_kept(stage: Any, limit: int) -> None:
    made = [finished(ADA, clip=f"{days}.mp4", at=T - days * 86_400.0) for days in (0, 6, 7, 50, 89, 120)]
    for version in made:
        work(stage, version)
    newest = newest_of(stage, kept_days=90)
    pages = in_pages(lambda before: newest.latest(limit, before))
    assert [version for page in pages for version in page.versions] == made[:-1]


def test_versions_finished_in_one_moment_are_all_listed(stage: Any, newest: DynamoLatest) -> None:
    for number in range(5):
        work(stage, finished(ADA, clip=f"{number}.mp4"))
    clips = [each.upload.key for page in in_pages(lambda before: newest.latest(2, before)) for each in page.versions]
    assert len(clips) == len(set(clips)) == 5


def test_a_list_goes_on_at_its_place_whatever_has_come_and_gone(stage: Any, newest: DynamoLatest) -> None:
    made = many(stage, 6)
    after = newest.latest(3).after
    work(stage, finished(clip="new.mp4", at=T + 100))
    forget(stage, made[2])
    assert newest.latest(9, after).versions == tuple(made[3:])


@pytest.mark.parametrize("token", ["x", "=", "é" * 51, "A" * 50, "A" * 52, "/" * 51, "_" * 51, "<b>"])
def test_a_text_that_is_no_place_is_one_clear_error(stage: Any, newest: DynamoLatest, token: str) -> None:
    with pytest.raises(RecognitionError, match="begin at its newest one"):
        newest.latest(3, token)
    with pytest.raises(RecognitionError, match="begin at its newest one"):
        newest.in_section("cse546", SESSION, 3, token)


def test_a_made_up_place_shows_what_is_older_than_it(stage: Any, newest: DynamoLatest) -> None:
    made = many(stage, 4)
    token = Place("f" * 64, round((T + 2.5) * 1000)).token
    assert newest.latest(9, token).versions == tuple(made[2:])
    assert newest.in_section("cse546", SESSION, 9, token).versions == tuple(made[1:])
    assert newest.latest(9, Place("0" * 64, 0).token) == Page(())


def test_an_outcome_is_asked_for_across_pages(stage: Any, newest: DynamoLatest) -> None:
    made = many(stage, 130)
    rejected = [each for each in made if each.outcome == "rejected"]
    for ask in (
        lambda before: newest.latest(5, before, outcome="rejected"),
        lambda before: newest.in_section("cse546", None, 5, before, outcome="rejected"),
    ):
        pages = list(in_pages(ask))
        assert [len(page.versions) for page in pages] == [5, 5, 3]
        assert [version for page in pages for version in page.versions] == rejected


def test_a_students_clips_are_asked_for_with_corrections(stage: Any, newest: DynamoLatest) -> None:
    made = many(stage, 9)
    records = DynamoFinished(stage.dynamodb, "jobs")
    records.correct(made[1], correction(ADA, "is", "b"))
    records.correct(made[2], correction(face(1), "is", "a"))
    expected = [each.upload.key for each in (made[2], made[3], made[5], made[7])]
    for page in (
        newest.latest(9, wanted=lambda version: version.shows("a")),
        newest.in_section("cse546", None, 9, wanted=lambda version: version.shows("a")),
    ):
        assert [each.upload.key for each in page.versions] == expected


def test_what_is_seldom_wanted_is_looked_for_a_page_at_a_time(stage: Any) -> None:
    made = many(stage, 9)
    newest = newest_of(stage, look_at=4)
    pages = list(in_pages(lambda before: newest.latest(2, before, wanted=lambda version: version == made[6])))
    assert [page.versions for page in pages] == [(), (made[6],), ()]


def test_an_erasure_shows_at_once(stage: Any, newest: DynamoLatest) -> None:
    work(stage, finished(ADA))
    items = DynamoJobItems(stage.dynamodb, "jobs")
    (there,) = items.all()
    assert items.rewrite(there, there.without("a"))
    (version,) = newest.latest(9).versions
    assert (version.shows("a"), version.outcome) == (False, "unknown")
    assert newest.latest(9, outcome="recognised") == Page(())


def test_what_is_gone_or_taken_up_again_before_it_is_read_is_passed_over(
    stage: Any, newest: DynamoLatest, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, query = many(stage, 3), stage.dynamodb.query
    jobs = {"TableName": "jobs", "Key": {"job_id": {"S": made[0].upload.job_id}}}

    def a_moment_ago(**request: Any) -> Any:
        answer = query(**request)
        forget(stage, made[1])
        again = {"UpdateExpression": "SET #s = :w", "ExpressionAttributeNames": {"#s": "state"}}
        stage.dynamodb.update_item(**jobs, **again, ExpressionAttributeValues={":w": {"S": "working"}})
        return answer

    monkeypatch.setattr(stage.dynamodb, "query", a_moment_ago)
    assert newest.latest(9).versions == (made[2],)


def test_an_entry_that_the_index_lists_twice_while_it_moves_is_one_version(
    stage: Any, newest: DynamoLatest, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, query = many(stage, 2), stage.dynamodb.query

    def moving(**request: Any) -> Any:
        answer = query(**request)
        return answer | {"Items": answer["Items"][:1] + answer["Items"]}

    monkeypatch.setattr(stage.dynamodb, "query", moving)
    assert newest.latest(9).versions == tuple(made)


def test_an_entry_without_a_session_is_passed_over(stage: Any, newest: DynamoLatest) -> None:
    """Begun by a version of the function that kept none, finished by this one."""
    jobs, version = DynamoJobs(stage.dynamodb, "jobs"), finished(ADA)
    jobs.begin(version.upload, T, T + 60)
    jobs.finish(version.upload, "recognised", T + 1)
    assert newest.latest(9) == Page(())
    assert newest.sections() == []
    assert DynamoFinished(stage.dynamodb, "jobs").by_job(version.upload.job_id) is None


def test_a_sections_pages_hold_its_sessions_and_nothing_else_the_newest_first(stage: Any, newest: DynamoLatest) -> None:
    later, earlier = many(stage, 4, session=LATER, at=T - 50), many(stage, 5)
    elsewhere = finished(ADA, clip="9.mp4")
    work(stage, replace(elsewhere, session=Session("cse5460", SESSION)))
    pages = list(in_pages(lambda before: newest.in_section("cse546", None, 3, before)))
    assert [len(page.versions) for page in pages] == [3, 3, 3]
    assert [version for page in pages for version in page.versions] == [*later, *earlier]
    assert newest.in_section("cse54", None, 3) == Page(())


def test_a_session_is_asked_for_by_its_whole_name(stage: Any, newest: DynamoLatest) -> None:
    for session in (f"{SESSION}#2", f"{SESSION}0", ""):
        work(stage, finished(ADA, session=session))
    made = many(stage, 5)
    pages = list(in_pages(lambda before: newest.in_section("cse546", SESSION, 2, before)))
    assert [version for page in pages for version in page.versions] == made
    (unnamed,) = newest.in_section("cse546", "", 9).versions
    assert unnamed.session == Session("cse546")


def test_clips_of_no_section_are_listed_as_such(stage: Any, newest: DynamoLatest) -> None:
    plain = finished(ADA)
    version = replace(plain, session=Session(), upload=replace(plain.upload, key="cam.mp4"))
    work(stage, version)
    assert newest.in_section("", None, 9).versions == (version,)


def test_a_place_that_is_gone_is_told_where_its_session_must_be_known(stage: Any, newest: DynamoLatest) -> None:
    made = many(stage, 4)
    after = newest.in_section("cse546", None, 2).after
    with pytest.raises(RecognitionError, match="begin at its newest clip"):
        newest.in_section("cse545", None, 2, after)
    forget(stage, made[1])
    with pytest.raises(RecognitionError, match="begin at its newest clip"):
        newest.in_section("cse546", None, 2, after)
    assert newest.in_section("cse546", SESSION, 2, after).versions == tuple(made[2:])


def test_what_is_worked_on_and_what_broke_off_is_told_and_neither_is_in_a_list(
    stage: Any, newest: DynamoLatest
) -> None:
    jobs = DynamoJobs(stage.dynamodb, "jobs")
    held, broken, done = (finished(ADA, clip=name, at=T) for name in ("held.mp4", "broken ü.mp4", "done.mp4"))
    work(stage, done)
    for version, begun in ((broken, T), (held, T + 30)):
        assert jobs.begin(version.upload, begun, begun + 60) == Begun()
        jobs.keep(version.upload, "x" * 200_000, Entry(version.session, T))
    jobs.release(broken.upload, T + 60, T + 5)
    at_work = newest.at_work()
    assert at_work == [
        AtWork(held.upload.job_id, held.upload.key, T + 30, T + 90),
        AtWork(broken.upload.job_id, broken.upload.key, T, T + 5),
    ]
    assert [each.is_held(T + 40) for each in at_work] == [True, False]
    assert newest.latest(9).versions == newest.in_section("cse546", None, 9).versions == (done,)
    jobs.finish(held.upload, "recognised", T + 50)
    assert [each.key for each in newest.at_work()] == [broken.upload.key]


def test_work_that_ends_while_it_is_looked_up_is_not_told(
    stage: Any, newest: DynamoLatest, monkeypatch: pytest.MonkeyPatch
) -> None:
    version, query = finished(ADA), stage.dynamodb.query
    jobs = DynamoJobs(stage.dynamodb, "jobs")
    jobs.begin(version.upload, T, T + 60)

    def a_moment_ago(**request: Any) -> Any:
        answer = query(**request)
        jobs.finish(version.upload, "recognised", T + 1)
        return answer

    monkeypatch.setattr(stage.dynamodb, "query", a_moment_ago)
    assert newest.at_work() == []


def test_the_sections_of_the_newest_clips_are_told(stage: Any) -> None:
    for number, section in enumerate(("art", "cse546", "", "cse546")):
        plain = finished(ADA, clip=f"{number}.mp4", at=T + number)
        work(stage, replace(plain, session=Session(section, SESSION)))
    assert newest_of(stage).sections() == ["", "art", "cse546"]
    assert newest_of(stage, look_at=3).sections() == ["", "cse546"]


def test_a_place_is_short_fits_a_url_and_tells_of_nobody(stage: Any, newest: DynamoLatest) -> None:
    many(stage, 2)
    for after in (newest.latest(1).after, newest.in_section("cse546", None, 1).after):
        assert after is not None
        assert len(after) == 51
        assert set(after) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_the_figures_of_a_time_come_from_the_index_the_latest_first(stage: Any, newest: DynamoLatest) -> None:
    work(stage, replace(finished(at=T, sequencer="01", took_ms=12.5), usd=0.000012))
    work(stage, replace(finished(at=T + 100, sequencer="02", outcome="rejected"), reason="the file is empty"))
    work(stage, finished(at=T + 200, sequencer="03", outcome="no_face"))
    assert newest.figures(T + 50, 10) == [
        Figures(T + 201, "no_face", None, None, ""),
        Figures(T + 101, "rejected", None, None, "the file is empty"),
    ]
    assert newest.figures(0.0, 10)[-1] == Figures(T + 1, "recognised", 12.5, 0.000012, "")
    assert len(newest.figures(0.0, 2)) == 2
