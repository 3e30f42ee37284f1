"""The dashboard shows what exists: each metric is one that AWS or our own code gives for a resource of the template."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import localcloud
from localcloud.deployment import client
from poller.sign_of_life import METRIC, NAMESPACE
from recognition.results import USD_PER_GB_SECOND
from wire.result_message import OUTCOMES

Render = Callable[..., dict[str, Any]]

X86_USD_PER_GB_SECOND = "0.0000166667"
QUEUES = ("RequestQueue", "OutputQueue", "DeadLetterQueue", "OutputDeadLetterQueue")
FUNCTION = "${RecognitionLambdaFunction}"
AWS_METRICS = {
    "AWS/SQS": {
        "ApproximateNumberOfMessagesVisible",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateAgeOfOldestMessage",
    },
    "AWS/Lambda": {"Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions"},
}
STEPS = ("decode", "detect", "embed", "store", "total")
OUR_METRICS: dict[str, tuple[str, tuple[str, ...]]] = {  # name -> dimension beside the function's name, and its values
    METRIC: ("", ()),
    "Outcome": ("outcome", OUTCOMES),
    "Faces": ("", ()),
    "Similarity": ("", ()),
    "StepDuration": ("step", STEPS),
    "ColdStart": ("", ()),
}


@dataclass(frozen=True)
class Shown:
    """A metric of the dashboard and the picture it stands in."""

    namespace: str
    name: str
    dimensions: dict[str, str]
    options: dict[str, Any]
    picture: dict[str, Any]

    @property
    def stat(self) -> str:
        return str(self.options.get("stat", self.picture.get("stat")))


def pictures(resources: dict[str, Any]) -> list[dict[str, Any]]:
    body = json.loads(resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])
    return [widget["properties"] for widget in body["widgets"]]


def shown(resources: dict[str, Any]) -> Iterator[Shown]:
    """Every metric that is named; the expressions over them are none."""
    for picture in pictures(resources):
        for metric in picture["metrics"]:
            *words, options = metric
            if words:
                namespace, name, *dimensions = words
                pairs = dict(zip(dimensions[::2], dimensions[1::2], strict=True))
                yield Shown(namespace, name, pairs, options, picture)


@pytest.fixture(scope="module")
def metrics(resources: dict[str, Any]) -> list[Shown]:
    return list(shown(resources))


def test_every_metric_of_aws_is_one_that_aws_gives_for_a_resource_of_ours(metrics: list[Shown]) -> None:
    queues = [{"QueueName": f"${{{queue}.QueueName}}"} for queue in QUEUES]
    dimensions = {"AWS/SQS": queues, "AWS/Lambda": [{"FunctionName": FUNCTION}]}
    for metric in metrics:
        if metric.namespace != NAMESPACE:
            assert metric.name in AWS_METRICS[metric.namespace]
            assert metric.dimensions in dimensions[metric.namespace]


def test_every_metric_of_ours_has_the_very_dimensions_that_our_code_gives_it(metrics: list[Shown]) -> None:
    for metric in metrics:
        if metric.namespace == NAMESPACE:
            dimension, values = OUR_METRICS[metric.name]
            own = dict(metric.dimensions)
            assert own.pop("FunctionName") == FUNCTION, "two stages would be summed up"
            assert own.keys() == ({dimension} if dimension else set())
            assert all(value in values for value in own.values())


def test_whatever_our_code_tells_is_on_the_dashboard(metrics: list[Shown]) -> None:
    told = [metric for metric in metrics if metric.namespace == NAMESPACE]
    assert {metric.name for metric in told} == OUR_METRICS.keys()
    assert [metric.dimensions["outcome"] for metric in told if metric.name == "Outcome"] == list(OUTCOMES)
    assert [metric.dimensions["step"] for metric in told if metric.name == "StepDuration"] == list(STEPS)


def test_depth_and_age_of_all_four_queues_are_shown_at_their_worst(metrics: list[Shown]) -> None:
    for name in ("ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"):
        of = {metric.dimensions["QueueName"]: metric.stat for metric in metrics if metric.name == name}
        assert of == {f"${{{queue}.QueueName}}": "Maximum" for queue in QUEUES}


def test_durations_are_shown_by_their_percentiles(metrics: list[Shown]) -> None:
    stats = {metric.stat for metric in metrics if metric.name == "Duration" and "visible" not in metric.options}
    assert {"p50", "p95"} <= stats


def test_a_line_that_marks_an_alarm_stands_where_the_alarm_does(resources: dict[str, Any]) -> None:
    drawn = {
        picture["title"]: line["value"]
        for picture in pictures(resources)
        for line in picture.get("annotations", {}).get("horizontal", ())
    }
    assert drawn == {
        "How long the oldest has waited": resources["OldestRequestAlarm"]["Properties"]["Threshold"],
        "How long an invocation takes": resources["FunctionDurationAlarm"]["Properties"]["Threshold"],
        "Invocations at once": resources["RecognitionLambdaFunction"]["Properties"]["ReservedConcurrentExecutions"],
    }


@pytest.mark.parametrize(
    ("architecture", "price"), [("arm64", f"{USD_PER_GB_SECOND:.10f}"), ("x86_64", X86_USD_PER_GB_SECOND)]
)
def test_the_cost_is_memory_by_time_at_the_architectures_price_and_the_requests(
    architecture: str, price: str, render: Render
) -> None:
    resources = render("prod", f"architecture={architecture}")["Resources"]
    memory = resources["RecognitionLambdaFunction"]["Properties"]["MemorySize"]
    (picture,) = [found for found in pictures(resources) if "cost" in found["title"]]
    expression, *named = picture["metrics"]
    spent = f"duration / 1000 * {memory} / 1024 * {price} + invocations * 0.0000002"
    assert expression[0]["expression"] == spent
    assert {metric[-1]["id"]: metric[1] for metric in named} == {"duration": "Duration", "invocations": "Invocations"}
    assert picture["stat"] == "Sum"


def test_no_name_is_typed_and_every_reference_is_to_a_resource(resources: dict[str, Any]) -> None:
    body = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    referred = set(re.findall(r"\$\{(\w+)", body)) - {"AWS"}
    assert referred == {*QUEUES, "RecognitionLambdaFunction"}
    assert "smart-classroom" not in body


def test_pictures_neither_overlap_nor_leave_the_page(resources: dict[str, Any]) -> None:
    body = json.loads(resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])
    taken: set[tuple[int, int]] = set()
    for widget in body["widgets"]:
        columns = range(widget["x"], widget["x"] + widget["width"])
        cells = {(x, y) for x in columns for y in range(widget["y"], widget["y"] + widget["height"])}
        assert not taken & cells
        assert max(columns) < 24
        taken |= cells


def test_two_stages_and_two_regions_have_dashboards_of_their_own(render: Render) -> None:
    places = [("prod", "us-east-1"), ("dev", "us-east-1"), ("prod", "eu-west-1")]
    names = {
        render(stage, f"region={region}")["Resources"]["Dashboard"]["Properties"]["DashboardName"]
        for stage, region in places
    }
    assert len(names) == len(places), "dashboards' names are one account's, whatever the region"


@pytest.mark.pipeline
def test_the_deployed_dashboard_names_what_was_deployed() -> None:
    with localcloud.running() as cloud:
        found = client("cloudwatch", cloud.operator).get_dashboard(DashboardName="smart-classroom-local-us-east-1")
        body = found["DashboardBody"]
        assert "${" not in body
        names = {cloud.operator["FUNCTION_NAME"], *(cloud.operator[name].rpartition("/")[2] for name in URLS)}
        told = {
            value
            for widget in json.loads(body)["widgets"]
            for metric in widget["properties"]["metrics"]
            for name, value in zip(metric[2:-1:2], metric[3:-1:2], strict=True)
            if name in ("QueueName", "FunctionName")
        }
        assert told == names


URLS = ("REQUEST_QUEUE_URL", "OUTPUT_QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "OUTPUT_DEAD_LETTER_QUEUE_URL")
