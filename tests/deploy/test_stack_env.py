"""scripts/stack_env.py turns a stack's outputs into lines that a shell can evaluate."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from localcloud.credentials import read_environment

SCRIPT = Path(__file__).parents[2] / "scripts" / "stack_env.py"


@pytest.fixture(scope="module")
def stack_env() -> ModuleType:
    spec = importlib.util.spec_from_file_location("stack_env", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def outputs(stack_env: ModuleType) -> dict[str, str]:
    return {name: f"the {name}" for name in stack_env.ENVIRONMENT_NAMES}


def test_the_template_has_every_output_that_is_asked_for(stack_env: ModuleType, template: dict[str, Any]) -> None:
    assert stack_env.ENVIRONMENT_NAMES.keys() <= template["Outputs"].keys()


def test_every_setting_that_function_and_poller_require_has_a_name(stack_env: ModuleType) -> None:
    from recognition.settings import REQUIRED

    poller = {"REQUEST_QUEUE_URL", "OUTPUT_QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "FUNCTION_NAME", "AWS_REGION"}
    assert {*REQUIRED, *poller, "FUNCTION_TIMEOUT_S"} <= set(stack_env.environment(outputs(stack_env)).keys())


def test_a_shell_gets_the_values_back_as_they_were(stack_env: ModuleType) -> None:
    hostile = {"A": 'it\'s $(date) `date` "quoted" \\ ;', "B": "two\nlines"}
    lines = stack_env.export_lines(hostile)
    script = f'{lines}printf "%s|%s" "$A" "$B"'
    assert subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout == "|".join(
        hostile.values()
    )


def test_what_is_printed_is_what_localcloud_reads(stack_env: ModuleType) -> None:
    variables = stack_env.environment(outputs(stack_env))
    assert read_environment(stack_env.export_lines(variables)) == variables


def test_half_a_stack_is_refused_by_naming_all_that_is_missing(stack_env: ModuleType) -> None:
    half = outputs(stack_env)
    del half["JobTable"], half["InputBucket"]
    with pytest.raises(stack_env.StackUnreadable, match="lacks the outputs InputBucket, JobTable"):
        stack_env.environment(half)


def test_the_main_stages_stack_has_the_plain_name(stack_env: ModuleType) -> None:
    assert [stack_env.stack_name(stage) for stage in ("prod", "dev")] == ["smart-classroom", "smart-classroom-dev"]
