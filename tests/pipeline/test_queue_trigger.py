"""The pipeline where the queue invokes the function: the poller drains results, and nothing else is left to it."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

import localcloud
from localcloud.deployment import client, deploy
from localcloud.places import Places, one_at_a_time
from tests.pipeline.conftest import Pipeline

pytestmark = pytest.mark.pipeline

QUEUE = {"trigger": "queue"}
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def cloud() -> Iterator[localcloud.Cloud]:
    with localcloud.running(parameters=QUEUE) as running:
        yield running


@contextmanager
def hiding(cloud: localcloud.Cloud, seconds: int) -> Iterator[None]:
    """Let what is handed out and fails come back so soon; as deployed that takes half an hour."""
    sqs, queue = client("sqs", cloud.operator), cloud.operator["REQUEST_QUEUE_URL"]
    name = "VisibilityTimeout"
    deployed = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=[name])["Attributes"][name]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={name: str(seconds)})
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={name: deployed})


def mappings(cloud: localcloud.Cloud) -> list[dict[str, Any]]:
    answer = client("lambda", cloud.operator).list_event_source_mappings(FunctionName=cloud.operator["FUNCTION_NAME"])
    return list(answer["EventSourceMappings"])


def drop(pipeline: Pipeline, samples: Path, clip: str, folder: Path, copies: int = 0) -> None:
    """Upload a sample clip under its own name, or so many copies of it as `cam 0.mp4`, `cam 1.mp4`, …"""
    folder.mkdir()
    for name in [f"cam {number}.mp4" for number in range(copies)] or [clip]:
        shutil.copy(samples / "clips" / clip, folder / name)
    pipeline.upload(folder)


def dead_letters(pipeline: Pipeline, count: int) -> list[str]:
    """The bodies of `count` dead requests, as they come in."""
    bodies: list[str] = []
    give_up = time.monotonic() + PATIENCE_S
    while len(bodies) < count and time.monotonic() < give_up:
        bodies += [body for body, _ in pipeline.dead_letters()]
    return bodies


def test_a_clip_becomes_a_file_and_a_poisoned_message_a_dead_letter_and_nothing_is_lost(
    pipeline: Pipeline, samples: Path, tmp_path: Path
) -> None:
    drop(pipeline, samples, "collins.mp4", tmp_path / "good")
    pipeline.tick_until(1)
    poison = '{"Records": [{"eventVer'
    with hiding(pipeline.cloud, 2):
        pipeline.send(poison)
        pipeline.send(json.dumps({"Event": "s3:TestEvent"}))
        drop(pipeline, samples, "truncated.mp4", tmp_path / "bad")
        results = pipeline.tick_until(2)
        assert dead_letters(pipeline, 1) == [poison]
    assert {pipeline.key_of(result): result.outcome for result in results} == {
        "collins.mp4": "recognised",
        "truncated.mp4": "rejected",
    }
    assert pipeline.waiting("REQUEST_QUEUE_URL") == pipeline.waiting("OUTPUT_QUEUE_URL") == 0
    assert pipeline.waiting("OUTPUT_DEAD_LETTER_QUEUE_URL") == 0
    assert {line["trigger"] for line in pipeline.events("tick")} == {"queue"}
    assert not pipeline.events("invoke")
    assert {code for code, _ in pipeline.ticks} == {0}


def test_a_machine_fault_keeps_the_request_until_it_is_mended(
    pipeline: Pipeline, samples: Path, tmp_path: Path
) -> None:
    place = {"Bucket": pipeline.cloud.operator["GALLERY_BUCKET"], "Key": "gallery/current.json"}
    pipeline.client("s3").delete_object(**place)
    with hiding(pipeline.cloud, 10):  # five tries outlast the mending
        drop(pipeline, samples, "collins.mp4", tmp_path / "clips")
        assert pipeline.tick() == 0
        assert pipeline.files() == []
        pipeline.recognition("publish")
        (result,) = pipeline.tick_until(1)
    assert result.outcome == "recognised"
    assert pipeline.dead_letters() == []


def test_where_a_mapping_and_a_poller_both_invoke_each_clip_has_one_result(
    pipeline: Pipeline, samples: Path, tmp_path: Path
) -> None:
    wide = {name: value for name, value in pipeline.cloud.operator.items() if name.startswith("AWS_")}
    invoking = pipeline.start_tick(**wide, POLLER_TRIGGER="poller", POLLER_RECEIVE_S="10")
    drop(pipeline, samples, "truncated.mp4", tmp_path / "clips", copies=8)
    assert pipeline.end_of(invoking) in (0, 1)
    results = pipeline.tick_until(8)
    assert sorted(map(pipeline.key_of, results)) == [f"cam {number}.mp4" for number in range(8)]
    assert len(pipeline.events("written")) == 8
    assert not pipeline.events("kept_both")
    assert pipeline.dead_letters() == []


def test_the_mapping_is_deployed_as_the_template_says(cloud: localcloud.Cloud) -> None:
    (mapping,) = mappings(cloud)
    assert (mapping["State"], mapping["BatchSize"]) == ("Enabled", 1)
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 2}
    assert mapping["EventSourceArn"].endswith(":smart-classroom-requests-local")


def test_the_poller_may_neither_take_requests_nor_invoke(cloud: localcloud.Cloud) -> None:
    with pytest.raises(ClientError, match="not authorized"):
        client("sqs", cloud.poller).receive_message(QueueUrl=cloud.poller["REQUEST_QUEUE_URL"])
    with pytest.raises(ClientError, match="not authorized"):
        client("lambda", cloud.poller).invoke(FunctionName=cloud.poller["FUNCTION_NAME"], Payload=b"{}")


def test_the_doctor_finds_one_invoker_and_a_poller_that_is_told_otherwise_finds_out(
    cloud: localcloud.Cloud, tmp_path: Path
) -> None:
    told_right = Pipeline(cloud, tmp_path)
    told_right.results.mkdir(mode=0o700)
    _, lines, _ = told_right.operate("doctor", as_poller=True)
    assert {"trigger": "ok", "function": "ok"}.items() <= states(lines).items()
    told_wrong = Pipeline(replace(cloud, poller={**cloud.poller, "POLLER_TRIGGER": "poller"}), tmp_path)
    _, lines, _ = told_wrong.operate("doctor", as_poller=True)
    assert {"trigger": "warning", "function": "error"}.items() <= states(lines).items()


def states(lines: list[str]) -> dict[str, str]:
    """The doctor's findings: check -> state. A check's name of two words gives its first."""
    words = (line.split() for line in lines if not line.startswith(" "))
    return {found[1]: found[0] for found in words if len(found) > 1}


def test_a_stage_may_change_its_trigger_and_change_it_back(tmp_path: Path) -> None:
    with localcloud.running() as cloud:
        assert (mappings(cloud), cloud.poller["POLLER_TRIGGER"]) == ([], "poller")
        for trigger, count in (("queue", 1), ("poller", 0)):
            with one_at_a_time():
                deploy(cloud.port, Places(cloud.state), {"trigger": trigger})
            assert len(mappings(cloud)) == count
        pipeline = Pipeline(cloud, tmp_path)
        pipeline.client("s3").put_object(Bucket=cloud.operator["INPUT_BUCKET"], Key="empty.mp4", Body=b"")
        (result,) = pipeline.tick_until(1)
        assert result.outcome == "rejected"
