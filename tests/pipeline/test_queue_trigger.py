"""The pipeline where the queue invokes the function: the poller drains results, and nothing else is left to it."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
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
SHORT_S = 1  # a message that failed comes back after that, and not after six times the function's timeout
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def cloud() -> Iterator[localcloud.Cloud]:
    with localcloud.running(parameters=QUEUE) as running:
        hide(running, SHORT_S)
        yield running


def hide(cloud: localcloud.Cloud, seconds: int) -> None:
    """Let the request queue hide what was handed out for so long."""
    client("sqs", cloud.operator).set_queue_attributes(
        QueueUrl=cloud.operator["REQUEST_QUEUE_URL"], Attributes={"VisibilityTimeout": str(seconds)}
    )


def mappings(cloud: localcloud.Cloud) -> list[dict[str, Any]]:
    answer = client("lambda", cloud.operator).list_event_source_mappings(FunctionName=cloud.operator["FUNCTION_NAME"])
    return list(answer["EventSourceMappings"])


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
    clips = tmp_path / "clips"
    clips.mkdir()
    for name in ("collins.mp4", "truncated.mp4"):
        shutil.copy(samples / "clips" / name, clips / name)
    poison = '{"Records": [{"eventVer'
    pipeline.send(poison)
    pipeline.send(json.dumps({"Event": "s3:TestEvent"}))
    pipeline.upload(clips)
    results = pipeline.tick_until(2)
    assert {pipeline.key_of(result): result.outcome for result in results} == {
        "collins.mp4": "recognised",
        "truncated.mp4": "rejected",
    }
    assert dead_letters(pipeline, 1) == [poison]
    assert pipeline.waiting("REQUEST_QUEUE_URL") == pipeline.waiting("OUTPUT_QUEUE_URL") == 0
    assert pipeline.waiting("OUTPUT_DEAD_LETTER_QUEUE_URL") == 0
    assert {line["trigger"] for line in pipeline.events("tick")} == {"queue"}
    assert not pipeline.events("invoke")
    assert {code for code, _ in pipeline.ticks} == {0}


def test_a_machine_fault_keeps_the_request_until_it_is_mended(
    pipeline: Pipeline, samples: Path, tmp_path: Path
) -> None:
    hide(pipeline.cloud, 10)  # five tries must outlast the mending
    place = {"Bucket": pipeline.cloud.operator["GALLERY_BUCKET"], "Key": "gallery/current.json"}
    pipeline.client("s3").delete_object(**place)
    clips = tmp_path / "clips"
    clips.mkdir()
    shutil.copy(samples / "clips" / "collins.mp4", clips / "cam.mp4")
    pipeline.upload(clips)
    assert pipeline.tick() == 0
    assert pipeline.files() == []
    pipeline.recognition("publish")
    (result,) = pipeline.tick_until(1)
    assert result.outcome == "recognised"
    assert pipeline.dead_letters() == []
    hide(pipeline.cloud, SHORT_S)


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
    hide(cloud, 1800)  # as it was deployed
    try:
        pipeline = Pipeline(cloud, tmp_path)
        pipeline.results.mkdir(mode=0o700)
        _, lines, _ = pipeline.operate("doctor", as_poller=True)
        assert {"trigger": "ok", "function": "ok"}.items() <= states(lines).items()
        cloud.poller["POLLER_TRIGGER"] = "poller"
        _, lines, _ = pipeline.operate("doctor", as_poller=True)
        assert {"trigger": "warning", "function": "error"}.items() <= states(lines).items()
    finally:
        cloud.poller["POLLER_TRIGGER"] = "queue"
        hide(cloud, SHORT_S)


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
