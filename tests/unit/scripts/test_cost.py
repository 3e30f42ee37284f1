"""The costs by hand, and against docs/cost.md, the template and the simulation: none may say something else."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cost
import pytest
from cost_model import (
    ARM64,
    CLASS,
    DEFAULT_MB,
    SHORT,
    X86_64,
    Clip,
    Setup,
    of_a_month,
    of_a_thousand,
    of_running,
    seconds,
    usd,
)

from bench.simulation import costs as simulated
from bench.simulation import scenario
from recognition.metrics import STEPS
from recognition.results import USD_PER_GB_SECOND
from wire.result_message import OUTCOMES

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "cost.md").read_text(encoding="utf-8")
PLAIN = Clip("made up", cpu_s=2.0, waits_s=0.5)


def test_two_gigabytes_for_two_and_a_half_seconds_by_hand() -> None:
    setup = Setup(memory_mb=2048, architecture=X86_64, slower=1.0)
    assert seconds(PLAIN, setup) == 2.5
    assert 1000 * of_running(2.5, setup) == pytest.approx(0.0833335)  # 2.5 s * 2 GB * 0.0000166667 * 1,000


def test_a_gigabyte_has_less_than_a_core_by_hand() -> None:
    setup = Setup(memory_mb=1024, slower=1.0)
    assert seconds(PLAIN, setup) == pytest.approx(3.955078)  # 0.5 + 2 * 1,769 / 1,024
    assert 1000 * of_running(seconds(PLAIN, setup), setup) == pytest.approx(0.052735, abs=1e-6)


def test_a_thousand_clips_by_hand() -> None:
    clip = Clip("made up", 0.0, 1.0, sqs_requests=5, s3_writes=2, s3_reads=10, stored_gb_months=0.001, table_writes=4,
                table_reads=8, logged_gb=1e-6, fetched_gb=1e-5)  # fmt: skip
    costs = of_a_thousand(clip, Setup(memory_mb=1024, cold_share=0.1, cold_s=2.0))
    assert costs == pytest.approx(
        {
            "Lambda, running": 0.0133334,
            "Lambda, cold starts": 0.00266668,
            "Lambda, requests": 0.0002,
            "SQS": 0.002,
            "S3, requests": 0.014,  # 1,000 * (2 * 0.000005 + 10 * 0.0000004)
            "S3, keeping": 0.023,
            "DynamoDB": 0.0035,  # 1,000 * (4 * 0.000000625 + 8 * 0.000000125)
            "CloudWatch, logs": 0.0005,
            "from AWS to the VM": 0.0009,
        }
    )


def test_memory_beyond_one_vcpu_costs_more_and_saves_no_time() -> None:
    one, two = Setup(memory_mb=1769), Setup(memory_mb=2 * 1769)
    assert seconds(CLASS, one) == seconds(CLASS, two)
    assert of_running(seconds(CLASS, two), two) == pytest.approx(2 * of_running(seconds(CLASS, one), one))


def test_arm64_is_cheaper_until_it_takes_a_quarter_longer() -> None:
    def per_second(architecture: str, slower: float) -> float:
        setup = Setup(architecture=architecture, slower=slower)
        return of_running(seconds(replace(CLASS, waits_s=0.0), setup), setup)

    assert per_second(ARM64, 1.24) < per_second(X86_64, 1.0) < per_second(ARM64, 1.26)


@pytest.mark.parametrize("heading", list(cost.tables(Setup())))
def test_the_page_has_the_table_that_the_script_prints(heading: str) -> None:
    assert f"## {heading}\n" in PAGE
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    assert cost.tables(Setup())[heading] in section, "run scripts/cost.py and put its tables into docs/cost.md"


def test_the_page_sums_up_what_its_tables_say() -> None:
    short, school = (sum(of_a_thousand(clip, Setup()).values()) for clip in (SHORT, CLASS))
    assert f"{short:.2f} to {school:.2f} a thousand clips" in PAGE
    assert f"{sum(of_a_month(Setup()).values()):.2f} a month without any clip" in PAGE


def test_what_the_stage_has_is_counted_in_its_template() -> None:
    setup = Setup()
    assert setup.alarms == (ROOT / "resources" / "alarms.yml").read_text().count("AWS::CloudWatch::Alarm")
    assert setup.metrics == len(OUTCOMES) + len(STEPS) + 3
    template = (ROOT / "serverless.yml").read_text()
    assert f"functionMemory: {DEFAULT_MB} " in template
    assert f"architecture: {setup.architecture} " in template


def test_the_simulation_and_the_function_count_with_the_same_prices() -> None:
    theirs = simulated.Prices()
    assert theirs.gb_second == usd("gb_second_arm64") == USD_PER_GB_SECOND
    shared = [name for name in cost.PRICES if hasattr(theirs, name)]
    assert len(shared) == 11
    assert {name: usd(name) for name in shared} == {name: getattr(theirs, name) for name in shared}


def test_the_simulation_assumes_the_same_clip() -> None:
    requests, times = simulated.Clip(), scenario.Clip()
    for name in ("s3_writes", "s3_reads", "table_reads"):
        assert getattr(requests, name) == getattr(CLASS, name)
    assert CLASS.table_writes == scenario.Scenario(1).writes_a_clip + scenario.Scenario(1).index_writes_a_clip
    assert requests.stored_gb == CLASS.stored_gb_months
    assert (times.cpu_s, times.conversion, times.waiting_s) == (CLASS.cpu_s, Setup().slower, CLASS.waits_s)
    assert (scenario.Function().memory_mb, scenario.Function().start_s) == (DEFAULT_MB, Setup().cold_s)


def test_the_short_clip_is_the_measured_one() -> None:
    measured = (ROOT / "docs" / "benchmarks.md").read_text()
    row = re.search(r"^\| ours \| one, .*\*\*([\d.]+) to ([\d.]+)\*\* \| 8 of 8 \|$", measured, re.MULTILINE)
    assert row is not None
    assert float(row[1]) <= SHORT.cpu_s <= float(row[2])


def test_the_script_explains_itself_and_refuses_what_lambda_does_not_sell() -> None:
    script = ROOT / "scripts" / "cost.py"
    said = subprocess.run([sys.executable, script, "-h"], capture_output=True, text=True, check=False)
    assert said.returncode == 0
    assert "--memory MB" in said.stdout
    refused = subprocess.run([sys.executable, script, "--memory", "64"], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "128 to 10240 MB" in refused.stderr


def test_the_picture_is_drawn_and_the_tables_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cost.main(["--plot", str(tmp_path / "cost.png")]) == 0
    assert (tmp_path / "cost.png").read_bytes().startswith(b"\x89PNG")
    assert cost.by_service(Setup()) in capsys.readouterr().out
