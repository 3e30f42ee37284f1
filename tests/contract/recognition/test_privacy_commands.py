"""`consent`, `forget`, `retention` and `gallery`, as an operator calls them, on a stage in moto."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from recognition.__main__ import main
from recognition.aws.erased import S3Erased
from recognition.aws.galleries import S3Galleries
from recognition.aws.roster import DynamoRoster
from recognition.gallery_file import read_gallery, write_gallery
from recognition.roster import Consent, Student
from recognition.students_file import read_students, write_students
from tests.people import gallery_of

ADA = Student("ada", "Ada", "art", "1", Consent("office", "2026-01-01"))


@pytest.fixture
def run(deployed: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["recognition", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            raise SystemExit(main())
        shown = capsys.readouterr()
        return int(left.value.code or 0), shown.out, shown.err

    return run


@pytest.fixture
def roster(deployed: Any) -> DynamoRoster:
    return DynamoRoster(deployed.dynamodb, "students")


def test_a_list_is_imported_whole_or_not_at_all(run: Any, roster: DynamoRoster, tmp_path: Path) -> None:
    roster.write([ADA])
    file = tmp_path / "consents.csv"
    file.write_text("id;name;granted_by;until\nada;;parents;2099-07-31\nbob;Bob;parents;2099-07-31\ncyd;;parents;\n")
    code, _, err = run("consent", "import", file)
    assert (code, "line 4: student 'cyd' has no row yet" in err) == (1, True)
    assert list(roster.everybody()) == [ADA]
    file.write_text(file.read_text().replace("cyd;;parents;\n", ""))
    assert run("consent", "import", file, "--dry-run")[1] == "1 new row(s), 1 changed (dry run: nothing is written)\n"
    assert list(roster.everybody()) == [ADA]
    assert run("consent", "import", file)[1] == "1 new row(s), 1 changed\n"
    rows = roster.students(["ada", "bob"])
    assert rows["ada"].major == "art"
    assert {each.consent.expires_at for each in rows.values() if each.consent} == {"2099-07-31"}


def test_the_published_rosters_follow_an_import_at_once(
    run: Any, roster: DynamoRoster, deployed: Any, tmp_path: Path
) -> None:
    roster.write([replace(ADA, sections=("cse546",)), replace(ADA, student_id="bob", name="Bob")])
    galleries = S3Galleries(deployed.s3, "galleries")
    galleries.publish(replace(gallery_of("ada", "bob"), enrolled=None, sections={"cse546": ("ada",)}))
    file = tmp_path / "sections.csv"
    file.write_text("id,sections\nada,law101\nbob,cse546|law101\n")
    assert run("consent", "import", file, "--dry-run")[0] == 0
    assert galleries.current().sections == {"cse546": ("ada",)}
    assert "its rosters are those of the rows now" in run("consent", "import", file)[1]
    assert galleries.current().sections == {"cse546": ("bob",), "law101": ("ada", "bob")}
    assert galleries.current().student_ids == ("ada", "bob")
    before = galleries.tag()
    assert run("consent", "import", file)[1] == "0 new row(s), 0 changed\n"
    assert galleries.tag() == before


def test_an_import_tells_of_a_name_that_somebody_bears_already(run: Any, roster: DynamoRoster, tmp_path: Path) -> None:
    roster.write([ADA, replace(ADA, student_id="bob", name="Bob"), replace(ADA, student_id="eve", name="Bob")])
    file = tmp_path / "list.csv"
    file.write_text("id,name\ncyd,Ada\n")
    err = run("consent", "import", file, "--dry-run")[2]
    assert err == "warning: 2 students are called 'Ada': ada, cyd. Is none listed twice?\n"


def test_the_report_says_who_lacks_consent(run: Any, roster: DynamoRoster) -> None:
    roster.write([ADA, Student("bob", "Bob\x1b", "", "", None, ("cse546",))])
    _, out, _ = run("consent", "report")
    assert "1 student(s) with valid consent\n1 without consent\n  bob  Bob\ufffd\n" in out
    assert json.loads(run("consent", "report", "--json", "--section", "cse546")[1])["without"] == ["bob"]
    assert json.loads(run("consent", "report", "--json", "--section", "cse546")[1])["valid"] == []


def test_whoever_withdraws_is_out_of_row_and_gallery_at_once(run: Any, roster: DynamoRoster, deployed: Any) -> None:
    roster.write([ADA])
    galleries = S3Galleries(deployed.s3, "galleries")
    galleries.publish(gallery_of("ada", "bob"))
    code, out, _ = run("consent", "withdraw", "ada")
    assert (code, out) == (0, "student ada: consent withdrawn, taken out of the published gallery\n")
    assert galleries.current().student_ids == ("bob",)
    assert roster.students(["ada"])["ada"].consent is None
    assert run("consent", "withdraw", "nobody")[0] == 1


def test_whoever_consents_anew_is_imported_and_then_published_from_the_old_file(
    run: Any, roster: DynamoRoster, tmp_path: Path
) -> None:
    roster.write([replace(ADA, consent=None)])
    gallery, students, anew = tmp_path / "g.npz", tmp_path / "s.json", tmp_path / "anew.csv"
    gallery.write_bytes(write_gallery(gallery_of("ada")))
    write_students(students, [ADA])
    anew.write_text("id;granted_by\nada;Ada herself\n")
    _, out, err = run("publish", "--gallery", gallery, "--students", students)
    assert (": 0 student(s)" in out, "consent import" in err) == (True, True)
    assert run("consent", "import", anew)[0] == 0
    assert ": 1 student(s)" in run("publish", "--gallery", gallery, "--students", students)[1]
    consent = roster.students(["ada"])["ada"].consent
    assert consent is not None
    assert consent.granted_by == "Ada herself"


def test_a_smaller_gallery_is_published_only_on_demand(run: Any, deployed: Any, tmp_path: Path) -> None:
    S3Galleries(deployed.s3, "galleries").publish(gallery_of("ada", "bob"))
    gallery, students = tmp_path / "g.npz", tmp_path / "s.json"
    gallery.write_bytes(write_gallery(gallery_of("ada")))
    write_students(students, [ADA])
    code, out, err = run("publish", "--gallery", gallery, "--students", students)
    assert (code, out, "are not in this gallery: bob. " in err) == (1, "", True)
    assert S3Galleries(deployed.s3, "galleries").current().student_ids == ("ada", "bob")
    assert run("publish", "--gallery", gallery, "--students", students, "--drop")[0] == 0
    assert S3Galleries(deployed.s3, "galleries").current().student_ids == ("ada",)
    deployed.s3.put_object(Bucket="galleries", Key="gallery/current.json", Body=b"damaged")
    assert run("publish", "--gallery", gallery, "--students", students)[0] == 0


def test_ids_are_told_in_one_line_each(run: Any, roster: DynamoRoster, deployed: Any, tmp_path: Path) -> None:
    S3Galleries(deployed.s3, "galleries").publish(gallery_of("e\x1bve"))
    assert run("consent", "enforce")[1].endswith("gallery: e\ufffdve\n")
    gallery, students = tmp_path / "g.npz", tmp_path / "s.json"
    gallery.write_bytes(write_gallery(gallery_of("ada", "e\x1bve")))
    write_students(students, [ADA])
    assert "consent: e\ufffdve. " in run("publish", "--gallery", gallery, "--students", students)[2]


def test_whose_consent_has_ended_is_taken_out_of_the_gallery(run: Any, roster: DynamoRoster, deployed: Any) -> None:
    over = Consent("office", "2025-01-01", "2026-01-01")
    roster.write([ADA, Student("bob", "Bob", "", "", over), Student("cyd", "Cyd", "", "")])
    galleries = S3Galleries(deployed.s3, "galleries")
    galleries.publish(gallery_of("ada", "bob", "cyd", "dan"))
    code, out, _ = run("consent", "enforce")
    assert (code, out) == (0, "3 student(s) taken out of the published gallery: bob, cyd, dan\n")
    assert galleries.current().student_ids == ("ada",)
    assert run("consent", "enforce")[1] == "0 student(s) taken out of the published gallery\n"


def test_forget_writes_a_receipt_and_says_what_it_could_not(
    run: Any, roster: DynamoRoster, deployed: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTPUT_DEAD_LETTER_QUEUE_URL", deployed.sqs.create_queue(QueueName="dead")["QueueUrl"])
    roster.write([ADA])
    S3Galleries(deployed.s3, "galleries").publish(gallery_of("ada", "bob"))
    deployed.s3.put_object(Bucket="results", Key="foreign.txt", Body=b'what is "ada" doing here')
    code, out, _ = run("forget", "ada", "--dry-run")
    assert (code, "would be erased" in out) == (0, True)
    assert roster.students(["ada"])
    code, out, _ = run("forget", "ada", "--receipt", tmp_path / "receipt.json")
    assert code == 3
    assert "STILL THERE output bucket" in out
    assert not json.loads((tmp_path / "receipt.json").read_text())["complete"]
    assert roster.students(["ada"]), "the row goes last"
    deployed.s3.delete_object(
        Bucket="results",
        Key="foreign.txt",
        VersionId=deployed.s3.head_object(Bucket="results", Key="foreign.txt")["VersionId"],
    )
    code, out, _ = run("forget", "ada", "--receipt", tmp_path / "receipt.json")
    receipt = json.loads((tmp_path / "receipt.json").read_text())
    assert (code, receipt["complete"], "Ada" in json.dumps(receipt)) == (0, True, False)
    assert not roster.students(["ada"])
    assert (tmp_path / "receipt.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_a_mistyped_id_is_told_and_stays_free_to_enrol(
    run: Any, roster: DynamoRoster, deployed: Any, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.setenv("OUTPUT_DEAD_LETTER_QUEUE_URL", deployed.sqs.create_queue(QueueName="dead")["QueueUrl"])
    roster.write([ADA])
    S3Galleries(deployed.s3, "galleries").publish(gallery_of("ada"))
    code, out, err = run("forget", "a\x1bda", *options)
    assert (code, out, "error: nothing is known of student 'a\\x1bda' on this stage" in err) == (4, "", True)
    assert not S3Erased(deployed.s3, "galleries").digests()
    assert roster.students(["ada"])["ada"] == ADA


def test_the_operators_files_are_erased_where_they_are_named(
    run: Any, roster: DynamoRoster, deployed: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTPUT_DEAD_LETTER_QUEUE_URL", deployed.sqs.create_queue(QueueName="dead")["QueueUrl"])
    roster.write([ADA])
    gallery, students = tmp_path / "g.npz", tmp_path / "s.json"
    gallery.write_bytes(write_gallery(gallery_of("ada", "bob", photographs=3)))
    write_students(students, [ADA, replace(ADA, student_id="bob")])
    named = ("--gallery", gallery, "--students", students)
    assert run("forget", "ada", *named[:2])[0] == 2
    assert "WERE NOT NAMED" in run("forget", "ada", "--dry-run")[1]
    code, out, _ = run("forget", "ada", "--dry-run", *named)
    assert (code, "NOT NAMED" in out) == (0, False)
    assert [student.student_id for student in read_students(students)] == ["ada", "bob"]
    code, out, _ = run("forget", "ada", "--receipt", tmp_path / "receipt.json", *named)
    assert (code, "NOT NAMED" in out) == (0, False)
    entries = json.loads((tmp_path / "receipt.json").read_text())["entries"][:2]
    assert [(each["place"], each["what"], each["count"]) for each in entries] == [
        ("operator's files", "templates", 3),
        ("operator's files", "row", 1),
    ]
    assert [student.student_id for student in read_students(students)] == ["bob"]
    assert read_gallery(gallery.read_bytes()).student_ids == ("bob",)
    code, out, _ = run("forget", "bob", *named)
    assert (code, read_students(students)) == (0, []), "whoever is in the files only is known"


@pytest.mark.parametrize("student", ["", "  ", "x" * 201])
def test_an_id_that_nobody_can_have_is_refused(run: Any, student: str) -> None:
    assert run("forget", student)[0] == 2


def test_what_is_under_way_when_an_erasure_begins_must_end_before_it_is_complete(
    run: Any, roster: DynamoRoster, deployed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTPUT_DEAD_LETTER_QUEUE_URL", deployed.sqs.create_queue(QueueName="dead")["QueueUrl"])
    roster.write([ADA])
    item = {"job_id": {"S": "1"}, "state": {"S": "working"}, "locked_until": {"N": "99999999999"}}
    deployed.dynamodb.put_item(TableName="jobs", Item=item)
    code, out, _ = run("forget", "ada")
    assert (code, "run it again after 5138-11-16" in out) == (3, True)
    assert roster.students(["ada"])["ada"].consent is None


def test_retention_tells_what_there_is_and_what_no_rule_ends(run: Any, roster: DynamoRoster, deployed: Any) -> None:
    roster.write([ADA])
    deployed.s3.put_object(Bucket="clips", Key="cam.mp4", Body=b"x")
    code, out, _ = run("retention")
    assert code == 3
    assert "input bucket: no rule ends what lies here" in out
    for bucket, days in (("clips", 30), ("results", 365), ("galleries", 0)):
        ends = {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}}
        ends |= {"NoncurrentVersionExpiration": {"NoncurrentDays": 7}}
        ends |= {"Expiration": {"Days": days}} if days else {}
        deployed.s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [ends]})
    ends_at = {"Enabled": True, "AttributeName": "expires"}
    deployed.dynamodb.update_time_to_live(TableName="jobs", TimeToLiveSpecification=ends_at)
    code, out, _ = run("retention", "--json")
    told = {(each["place"], each["what"]): each for each in json.loads(out)}
    assert code == 0
    assert told["input bucket", "clips"]["count"] == told["student table", "rows"]["count"] == 1
    assert told["output bucket", "results"]["limit"] == 365


def test_one_command_goes_back_to_an_earlier_gallery_of_those_who_consent_now(
    run: Any, roster: DynamoRoster, deployed: Any
) -> None:
    roster.write([replace(ADA, sections=("cse546",)), replace(ADA, student_id="bob", consent=None)])
    galleries = S3Galleries(deployed.s3, "galleries")
    first = gallery_of("ada", "bob", photographs=2)
    galleries.publish(first)
    galleries.publish(gallery_of("ada"))
    titles, *listed = run("gallery", "list")[1].splitlines()
    assert titles.split("  ")[0] == "version"
    assert [line.endswith("published") for line in listed] == [True, False]
    assert listed[1].startswith(f"{first.version}  ")
    code, out, _ = run("gallery", "rollback", first.version)
    assert (code, out.endswith(": 1 student(s)\n")) == (0, True)
    current = galleries.current()
    assert (current.student_ids, current.photographs, current.sections) == (("ada",), (2,), {"cse546": ("ada",)})


def test_each_kept_gallery_is_listed_with_its_size_its_students_and_which_is_current(run: Any, deployed: Any) -> None:
    assert run("gallery", "list")[1:] == (
        "",
        "none is published: run `python -m recognition publish`, or go back to one of these\n",
    )
    galleries = S3Galleries(deployed.s3, "galleries")
    first, second = replace(gallery_of("ada", "bob", photographs=2), enrolled=None), gallery_of("ada")
    for published in (first, second, first):
        galleries.publish(published)
    deployed.s3.put_object(Bucket="galleries", Key="gallery/m/broken.npz", Body=b"broken")
    told = json.loads(run("gallery", "list", "--json")[1])
    assert [(each["version"], each["published"]) for each in told] == [
        (first.version, True),
        ("broken", False),
        (second.version, False),
    ], "the one in use comes first, and each once however often it was published"
    assert (told[0]["students"], told[0]["templates"], told[0]["photographs"]) == (2, 2, 4)
    assert told[0]["size"] == len(write_gallery(first))
    lines = run("gallery", "list")[1].splitlines()
    assert f"  {len(write_gallery(first)):,}  " in lines[1]
    assert "cannot be used: not a gallery file" in lines[2]


@pytest.mark.parametrize(
    ("version", "says"),
    [
        ("0123456789ab", "no gallery '0123456789ab' is kept: `python -m recognition gallery list` shows"),
        ("", "no gallery '' is kept"),
        ("../current.json", "no gallery '../current.json' is kept"),
        ("broken", "gallery broken cannot be used: not a gallery file"),
        ("strangers", "nobody of gallery strangers has a row and a valid consent now: nothing was published"),
        ("again", "is published already: there is nothing to go back to"),
    ],
)
def test_going_back_to_nonsense_is_refused_and_changes_nothing(
    run: Any, roster: DynamoRoster, deployed: Any, version: str, says: str
) -> None:
    roster.write([ADA])
    galleries = S3Galleries(deployed.s3, "galleries")
    galleries.publish(replace(gallery_of("ada"), enrolled=None))
    bodies = {
        "broken": b"broken",
        "strangers": write_gallery(gallery_of("eve")),
        "again": write_gallery(gallery_of("ada")),
    }
    for name, body in bodies.items():
        deployed.s3.put_object(Bucket="galleries", Key=f"gallery/m/{name}.npz", Body=body)
    before = galleries.tag()
    code, _, err = run("gallery", "rollback", version)
    assert (code, err.startswith("error: "), says in err) == (1, True, True)
    assert galleries.tag() == before


def test_a_kept_gallery_is_rehearsed_on_clips_before_it_is_gone_back_to(
    run: Any, enrolled: Any, samples: Path, tmp_path: Path
) -> None:
    session = tmp_path / "clips" / "cse546" / "monday"
    session.mkdir(parents=True)
    shutil.copy(samples / "clips" / "collins.mp4", session)
    roster = DynamoRoster(enrolled.dynamodb, "students")
    roster.write([replace(student, sections=("cse546",)) for student in roster.everybody()])
    first = S3Galleries(enrolled.s3, "galleries").current()
    galleries = S3Galleries(enrolled.s3, "galleries")
    galleries.publish(replace(first.without(["eileen_collins"]), sections={"cse546": ("grace_hopper",)}))
    before = galleries.tag()
    code, out, err = run("rehearse", "--clips", tmp_path / "clips", "--gallery", first.version, "--json")
    assert code == 3, err
    (turn,) = json.loads(out)["roll_calls"]
    assert (turn["name"], turn["before"], turn["after"]) == ("Eileen Collins", "not enrolled", "present")
    assert galleries.tag() == before
    assert run("gallery", "rollback", first.version)[0] == 0
    assert run("rehearse", "--clips", tmp_path / "clips", "--gallery", first.version)[0] == 0
    code, _, err = run("rehearse", "--clips", tmp_path / "clips", "--gallery", "0123456789ab")
    assert (code, "no gallery '0123456789ab' is kept" in err) == (1, True)


def test_going_back_brings_no_erased_student_back(
    run: Any, roster: DynamoRoster, deployed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTPUT_DEAD_LETTER_QUEUE_URL", deployed.sqs.create_queue(QueueName="dead")["QueueUrl"])
    roster.write([ADA, replace(ADA, student_id="bob")])
    galleries = S3Galleries(deployed.s3, "galleries")
    galleries.publish(gallery_of("ada", "bob"))
    galleries.publish(gallery_of("bob"))
    assert run("forget", "ada")[0] == 0
    galleries.publish(gallery_of("cyd"))
    for kept in json.loads(run("gallery", "list", "--json")[1]):
        run("gallery", "rollback", kept["version"])
        assert "ada" not in galleries.current().student_ids
    deployed.s3.put_object(Bucket="galleries", Key="gallery/m/copied.npz", Body=write_gallery(gallery_of("ada")))
    roster.write([ADA])
    assert run("gallery", "rollback", "copied")[2].startswith("error: nobody of gallery copied has a row")
