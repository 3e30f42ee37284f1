"""Signs of life: sent by a tick that ended well, missed by an alarm otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from poller.errors import AwsError, Transient
from poller.signs import METRIC, NAMESPACE, MetricSigns, show_life
from poller.tally import Exit, Tally

ROOT = Path(__file__).parents[3]


class Calls(list[dict[str, Any]]):
    """Takes metric data, or raises."""

    error: AwsError | None = None

    def __call__(self, **parameters: Any) -> None:
        self.append(parameters)
        if self.error:
            raise self.error


def test_a_tick_that_ended_well_sends_one_metric_of_its_function() -> None:
    calls = Calls()
    show_life(MetricSigns(calls, "smart-classroom"), Tally())
    (sent,) = calls
    assert sent["Namespace"] == NAMESPACE
    (metric,) = sent["MetricData"]
    assert (metric["MetricName"], metric["Value"]) == (METRIC, 1.0)
    assert metric["Dimensions"] == [{"Name": "FunctionName", "Value": "smart-classroom"}]


@pytest.mark.parametrize("trouble", [Exit.AWS, Exit.DISK])
def test_a_tick_in_trouble_is_silent(trouble: Exit) -> None:
    calls, tally = Calls(), Tally()
    tally.trouble(trouble)
    show_life(MetricSigns(calls, "f"), tally)
    assert calls == []


def test_a_tick_that_left_messages_for_later_is_alive() -> None:
    calls, tally = Calls(), Tally()
    tally.count("failed")
    show_life(MetricSigns(calls, "f"), tally)
    assert len(calls) == 1


def test_a_tick_that_must_end_at_once_does_not_wait_for_a_metric() -> None:
    calls, tally = Calls(), Tally()
    tally.terminate()
    show_life(MetricSigns(calls, "f"), tally)
    assert calls == []


def test_a_sign_that_gets_lost_is_said_and_is_no_trouble(caplog: pytest.LogCaptureFixture) -> None:
    calls, tally = Calls(), Tally()
    calls.error = Transient("PutMetricData", "Down")
    show_life(MetricSigns(calls, "f"), tally)
    assert [record.msg for record in caplog.records] == ["no_sign_of_life"]
    assert len(calls) == 1
    assert tally.exit_code() == Exit.FINE
