"""scripts/remove.sh takes a stage away with all it has, and leaves the main stage's data where it is."""

from __future__ import annotations

import subprocess
from typing import NamedTuple

import pytest

from tests.deploy.account import PLAIN, ROOT, Account
from tests.deploy.deployed import Deployed, inventory, look_at

SCRIPT = ROOT / "scripts" / "remove.sh"
KEPT = ("InputBucket", "OutputBucket", "GalleryBucket", "StudentTable", "JobTable")
KEPT_QUEUES = ("OutputQueue", "DeadLetterQueue", "OutputDeadLetterQueue")


class Removal(NamedTuple):
    """A stage with data in it, and what `remove.sh` made of it."""

    stage: Deployed
    refused: subprocess.CompletedProcess[str]
    unchanged: set[str]
    done: subprocess.CompletedProcess[str]
    before: set[str]
    after: set[str]


def remove(account: Account, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT, *arguments], env=account.environment, input=typed, capture_output=True, text=True, check=False
    )


def fill(account: Account, stage: Deployed) -> None:
    """Put something into all that can hold something; into the output bucket an old version and a delete marker."""
    s3, names = account.client("s3"), stage.outputs
    for bucket in ("InputBucket", "OutputBucket", "OutputBucket", "GalleryBucket"):
        s3.put_object(Bucket=names[bucket], Key="a b.csv", Body=b"name,major,year\r\n")
    s3.put_object(Bucket=names["OutputBucket"], Key="gone.csv", Body=b"")
    s3.delete_object(Bucket=names["OutputBucket"], Key="gone.csv")
    account.client("dynamodb").put_item(TableName=names["StudentTable"], Item={"student_id": {"S": "s1"}})
    account.client("dynamodb").put_item(TableName=names["JobTable"], Item={"job_id": {"S": "j1"}})
    for queue in KEPT_QUEUES:
        account.client("sqs").send_message(QueueUrl=names[f"{queue}Url"], MessageBody="kept?")


def removal(account: Account, stage: str) -> Removal:
    before = inventory(account)
    deployed = account.serverless("deploy", stage, PLAIN)
    assert deployed.returncode == 0, deployed.stdout
    seen = look_at(account, stage)
    fill(account, seen)
    full = inventory(account)
    refused = remove(account, "--stage", stage, typed="no\n")
    unchanged = inventory(account) ^ full
    done = (
        remove(account, "--stage", stage, typed=f"{stage}\n")
        if stage == "prod"
        else remove(account, "--stage", stage, "--yes")
    )
    return Removal(seen, refused, unchanged, done, before, inventory(account))


@pytest.fixture(scope="module")
def spare(account: Account) -> Removal:
    return removal(account, "spare")


@pytest.fixture(scope="module")
def prod(account: Account) -> Removal:
    return removal(account, "prod")


@pytest.mark.pipeline
def test_a_stage_with_data_in_it_goes_with_all_it_has(spare: Removal) -> None:
    assert spare.done.returncode == 0, spare.done.stderr
    assert spare.after == spare.before


@pytest.mark.pipeline
def test_without_the_stages_name_typed_nothing_is_removed(spare: Removal) -> None:
    assert spare.refused.returncode == 1
    assert "nothing was removed" in spare.refused.stderr
    assert spare.unchanged == set()


@pytest.mark.pipeline
def test_what_goes_is_said_with_how_much_it_holds_before_anybody_is_asked(spare: Removal) -> None:
    lines = [line.split() for line in spare.refused.stderr.splitlines()]
    said = {line[2].rstrip(":"): line[3] for line in lines if line[:1] == ["goes"] and line[1] == "bucket"}
    assert said == {
        spare.stage.outputs["InputBucket"]: "1",
        spare.stage.outputs["OutputBucket"]: "4",
        spare.stage.outputs["GalleryBucket"]: "1",
    }
    assert not [line for line in lines if line[:1] == ["stays"]]


@pytest.mark.pipeline
def test_the_main_stages_data_stays_and_all_else_of_it_goes(prod: Removal) -> None:
    assert prod.done.returncode == 0, prod.done.stderr
    names = prod.stage.physical
    assert prod.after - prod.before == {
        *(f"bucket {names[key]}" for key in KEPT[:3]),
        *(f"table {names[key]}" for key in KEPT[3:]),
        *(f"queue {names[key].rsplit('/', 1)[-1]}" for key in KEPT_QUEUES),
    }
    assert prod.before <= prod.after


@pytest.mark.pipeline
def test_what_stays_of_the_main_stage_still_holds_what_it_held(account: Account, prod: Removal) -> None:
    names = prod.stage.outputs
    versions = account.client("s3").list_object_versions(Bucket=names["OutputBucket"])
    assert len(versions["Versions"]) + len(versions["DeleteMarkers"]) == 4
    item = account.client("dynamodb").get_item(TableName=names["StudentTable"], Key={"student_id": {"S": "s1"}})
    assert item["Item"]
    for queue in KEPT_QUEUES:
        told = account.client("sqs").receive_message(QueueUrl=names[f"{queue}Url"])
        assert [message["Body"] for message in told["Messages"]] == ["kept?"]


@pytest.mark.pipeline
def test_of_the_main_stage_is_said_what_stays(prod: Removal) -> None:
    stays = [line.split()[2].rstrip(":") for line in prod.refused.stderr.splitlines() if line.split()[:1] == ["stays"]]
    assert set(stays) == {prod.stage.physical[key] for key in (*KEPT, *KEPT_QUEUES)}
    assert "emptied" not in prod.done.stderr


@pytest.mark.pipeline
def test_a_stage_that_is_not_there_is_named_with_what_to_do(account: Account) -> None:
    done = remove(account, "--stage", "nowhere", "--yes")
    assert done.returncode == 1
    assert "no stack smart-classroom-nowhere in us-east-1" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "--stage says which one"),
        (["--stage", "local"], "python -m localcloud down"),
        (["--stage", "Prod"], "small letters"),
        (["--stage"], "--stage needs a value"),
    ],
)
def test_a_wrong_argument_is_refused_with_the_reason(arguments: list[str], reason: str) -> None:
    done = subprocess.run(
        [SCRIPT, *arguments], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert reason in done.stderr


def test_help_shows_the_usage() -> None:
    done = subprocess.run([SCRIPT, "-h"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "--yes" in done.stdout
