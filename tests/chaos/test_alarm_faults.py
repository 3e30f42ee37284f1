"""The fault that no tick reports: no tick runs any more. The deployed alarm, held against what a tick really sends."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chaos.chaos_stage import ChaosStage

pytestmark = [pytest.mark.pipeline, pytest.mark.usefixtures("brisk")]


def alarm_of_ticks(stage: ChaosStage) -> dict[str, Any]:
    alarms = stage.client("cloudwatch").describe_alarms()["MetricAlarms"]
    (alarm,) = [alarm for alarm in alarms if alarm.get("MetricName") == "FinishedTicks"]
    return dict(alarm)


@pytest.mark.fault(44)
def test_silence_from_the_ticks_is_an_alarm_that_tells_somebody(stage: ChaosStage) -> None:
    """ministack evaluates no missing data; that silence breaches is CloudWatch's to do, and the property says so."""
    alarm = alarm_of_ticks(stage)
    assert alarm["TreatMissingData"] == "breaching"
    assert (alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]) == ("Sum", "LessThanThreshold", 1)
    assert alarm["Period"] * alarm["EvaluationPeriods"] <= 1800
    assert alarm["ActionsEnabled"]
    (topic,) = alarm["AlarmActions"]
    assert topic in {known["TopicArn"] for known in stage.client("sns").list_topics()["Topics"]}


@pytest.mark.fault(44)
def test_the_alarm_watches_the_very_metric_that_a_finished_tick_sends(stage: ChaosStage) -> None:
    assert stage.tick() == 0
    assert stage.proxy.count("PutMetricData") == 1
    alarm = alarm_of_ticks(stage)
    watched = {name: alarm[name] for name in ("Namespace", "MetricName", "Dimensions")}
    found = stage.client("cloudwatch").list_metrics(**watched)["Metrics"]
    assert [metric["Dimensions"] for metric in found] == [alarm["Dimensions"]]
    assert alarm_of_ticks(stage)["StateValue"] == "OK"
    assert stage.balance() == {}
