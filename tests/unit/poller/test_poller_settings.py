"""The settings, and the help that is made from the same table."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from poller.errors import SettingsError
from poller.settings import Settings, explain
from poller.settings_table import TABLE
from tests.unit.poller.poller_fakes import ENVIRONMENT


def problems(environment: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(environment)
    return "\n".join(caught.value.problems)


def test_the_required_settings_are_enough() -> None:
    settings = Settings.from_environment(ENVIRONMENT)
    assert (settings.concurrency, settings.receive_s, settings.wait_s) == (8, 45, 20)
    assert settings.results_dir == Path("/nowhere")
    assert settings.trigger == "poller"


def test_every_missing_setting_is_named_at_once() -> None:
    text = problems({})
    assert all(name in text for name in ENVIRONMENT)
    assert "AWS_DEFAULT_REGION" in text


@pytest.mark.parametrize("name", sorted(set(ENVIRONMENT) - {"AWS_REGION"}))
def test_a_blank_setting_counts_as_missing(name: str) -> None:
    assert problems(ENVIRONMENT | {name: "  "}).startswith(f"{name} is missing")


def test_the_default_region_stands_in_for_the_region() -> None:
    without = {name: value for name, value in ENVIRONMENT.items() if name != "AWS_REGION"}
    assert Settings.from_environment(without | {"AWS_DEFAULT_REGION": "eu-west-1"}).region == "eu-west-1"
    assert Settings.from_environment(ENVIRONMENT | {"AWS_DEFAULT_REGION": "eu-west-1"}).region == "us-east-1"


def test_unreadable_results_share_the_dead_letter_queue_unless_they_have_their_own() -> None:
    shared = Settings.from_environment(ENVIRONMENT)
    assert shared.output_dead_letter_queue_url == ENVIRONMENT["DEAD_LETTER_QUEUE_URL"]
    own = "https://sqs.test/1/output-dead"
    settings = Settings.from_environment(ENVIRONMENT | {"OUTPUT_DEAD_LETTER_QUEUE_URL": own})
    assert settings.output_dead_letter_queue_url == own
    assert settings.dead_letter_queue_url == ENVIRONMENT["DEAD_LETTER_QUEUE_URL"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POLLER_TRIGGER", "both"),
        ("POLLER_CONCURRENCY", "0"),
        ("POLLER_CONCURRENCY", "101"),
        ("POLLER_CONCURRENCY", "many"),
        ("POLLER_CONCURRENCY", "²"),
        ("POLLER_CONCURRENCY", "9" * 5000),
        ("POLLER_WAIT_S", "0"),
        ("POLLER_WAIT_S", "21"),
        ("POLLER_RECEIVE_S", "-1"),
        ("POLLER_LOG_LEVEL", "LOUD"),
        ("OUTPUT_QUEUE_URL", "output"),
        ("OUTPUT_DEAD_LETTER_QUEUE_URL", "dead"),
        ("FUNCTION_TIMEOUT_S", "901"),
    ],
)
def test_a_bad_value_is_refused_by_name(name: str, value: str) -> None:
    assert problems(ENVIRONMENT | {name: value}).startswith(name)


def test_bad_and_missing_settings_are_named_together() -> None:
    text = problems({**ENVIRONMENT, "FUNCTION_NAME": "", "POLLER_WAIT_S": "99"})
    assert "FUNCTION_NAME" in text
    assert "POLLER_WAIT_S" in text


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"POLLER_HEARTBEAT_S": "120"}, "POLLER_HEARTBEAT_S"),
        ({"POLLER_LEASE_CAP_S": "314"}, "POLLER_LEASE_CAP_S"),
        ({"POLLER_BOUND_S": "359"}, "POLLER_BOUND_S"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(changes: dict[str, str], named: str) -> None:
    assert named in problems(ENVIRONMENT | changes)


def test_contradictions_at_their_edge_are_accepted() -> None:
    edge = {"POLLER_HEARTBEAT_S": "119", "POLLER_LEASE_CAP_S": "315", "POLLER_BOUND_S": "360"}
    assert Settings.from_environment(ENVIRONMENT | edge).bound_s == 360


def test_the_longest_function_fits_the_defaults() -> None:
    assert Settings.from_environment(ENVIRONMENT | {"FUNCTION_TIMEOUT_S": "900"}).function_timeout_s == 900


def test_the_table_has_one_row_for_each_field() -> None:
    assert [row.field for row in TABLE] == [field.name for field in fields(Settings)]


def test_the_help_explains_every_setting_with_its_default() -> None:
    lines = {line.split()[0]: line for line in explain().splitlines()}
    for row in TABLE:
        line = lines[row.names[0]]
        assert row.about in line
        assert (f"[{row.default}]" if row.default else "(required)") in line


def test_the_documentation_lists_every_setting_with_its_default() -> None:
    text = (Path(__file__).parents[3] / "docs" / "poller.md").read_text()
    for row in TABLE:
        line = next(line for line in text.splitlines() if line.startswith(f"| `{row.names[0]}`"))
        assert f"| {row.default or 'required'} |" in line
        assert row.about in line
