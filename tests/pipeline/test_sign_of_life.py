"""The sign of life on the local cloud, where the poller's own role is enforced."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

import localcloud
from poller.sign_of_life import METRIC, NAMESPACE
from tests.pipeline.conftest import Pipeline

pytestmark = pytest.mark.pipeline


def finished_ticks(pipeline: Pipeline) -> float:
    """How many ticks CloudWatch knows of, since an hour ago."""
    now = datetime.now(timezone.utc)
    answer = pipeline.client("cloudwatch").get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName=METRIC,
        Dimensions=[{"Name": "FunctionName", "Value": pipeline.cloud.operator["FUNCTION_NAME"]}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )
    return sum(point["Sum"] for point in answer["Datapoints"])


def test_each_finished_tick_is_counted_where_the_alarm_looks(cloud: localcloud.Cloud, tmp_path: Path) -> None:
    pipeline = Pipeline(cloud, tmp_path)
    before = finished_ticks(pipeline)
    assert pipeline.tick() == 0
    assert "sign_of_life_failed" not in {line["event"] for line in pipeline.log}
    assert finished_ticks(pipeline) == before + 1
    (alarm,) = pipeline.client("cloudwatch").describe_alarms(AlarmNamePrefix="smart-classroom-sign-of-life")[
        "MetricAlarms"
    ]
    assert (alarm["Namespace"], alarm["MetricName"]) == (NAMESPACE, METRIC)
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": cloud.operator["FUNCTION_NAME"]}]
