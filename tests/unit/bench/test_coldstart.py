"""Fresh processes: what each step costs, the children's share, and the ratios drawn from them."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from bench.coldstart import DEPLOYED, FACE, READY, ROOT, environment, figures, middle
from bench.fresh import Spent, Step, run_fresh
from bench.spent import PROC, cpu_s, peak_bytes

HERE = {"PYTHONPATH": str(ROOT)}
BUSY = "import time\nwhile time.process_time() < 0.3: pass\n"
SEES_LIVING_CHILDREN = next((PROC / "self" / "task").glob("*/children"), None) is not None


def test_each_step_is_marked_in_order_and_nothing_is_ever_given_back() -> None:
    marks = run_fresh([Step("work", BUSY), Step("memory", "kept = bytearray(50_000_000)")], HERE)
    assert [mark.step for mark in marks] == ["python", "work", "memory"]
    assert marks[1].cpu_s >= 0.3
    assert marks[2].peak_bytes - marks[1].peak_bytes >= 45_000_000


def test_what_a_step_imports_is_there_for_the_next() -> None:
    assert len(run_fresh([Step("import", "import json"), Step("use", "json.dumps(1)")], HERE)) == 3


def test_a_failing_step_is_reported_with_its_last_words() -> None:
    with pytest.raises(click.ClickException, match="no module of that name"):
        run_fresh([Step("wrong", "raise ImportError('no module of that name')")], HERE)


def test_a_program_that_gives_up_with_success_is_no_measurement() -> None:
    with pytest.raises(click.ClickException, match="install the models"):
        run_fresh([Step("quits", "print('install the models'); quit()")], HERE)


def test_a_child_that_has_ended_counts() -> None:
    before = cpu_s()
    subprocess.run([sys.executable, "-c", BUSY], check=True)
    assert cpu_s() - before >= 0.3


@pytest.mark.skipif(not SEES_LIVING_CHILDREN, reason="this system does not list the children of a process")
def test_a_child_that_still_runs_counts() -> None:
    cpu_before, peak_before = cpu_s(), peak_bytes()
    program = f"kept = bytearray(30_000_000)\n{BUSY}print(flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        spent, peak = cpu_s() - cpu_before, peak_bytes() - peak_before
        child.communicate(b"\n")
    assert spent >= 0.25  # told in hundredths of a second
    assert peak >= 30_000_000


def test_the_middle_of_several_runs_is_taken_step_by_step() -> None:
    runs = [[Spent("python", cpu, 10), Spent("models", 1.0, peak)] for cpu, peak in ((0.1, 30), (0.9, 20), (0.2, 90))]
    assert middle(runs) == [Spent("python", 0.2, 10), Spent("models", 1.0, 30)]


def test_ratios_are_of_the_whole_and_steps_of_what_each_added() -> None:
    ours = [Spent("python", 0.1, 10_000_000), Spent(FACE, 0.3, 40_000_000), Spent("av", 0.4, 60_000_000)]
    found = figures(ours, [Spent("python", 0.1, 10_000_000), Spent("face_recognition", 0.8, 100_000_000)], 1)
    assert (found["cpu_ratio"], found["rss_ratio"]) == (0.5, 0.6)
    assert found["without_aws_and_video"] == {"cpu_ratio": 0.375, "rss_ratio": 0.4}
    assert found["steps"] == [
        {"step": "python", "cpu_s": 0.1, "rss_mb": 10.0},
        {"step": FACE, "cpu_s": 0.2, "rss_mb": 30.0},
        {"step": "av", "cpu_s": 0.1, "rss_mb": 20.0},
    ]


def test_a_fresh_process_gets_ready_without_an_account() -> None:
    given = environment({"AWS_PROFILE": "production", "PATH": "/usr/bin"})
    assert "AWS_PROFILE" not in given
    assert [mark.step for mark in run_fresh(READY, given)] == ["python", *(step.name for step in READY)]


def test_the_processes_start_with_what_the_function_is_deployed_with() -> None:
    template = (ROOT / "serverless.yml").read_text(encoding="utf-8")
    for name, value in DEPLOYED.items():
        assert f'    {name}: "{value}"\n' in template
        assert environment({})[name] == value
