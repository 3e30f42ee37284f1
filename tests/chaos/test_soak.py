"""Fault 46, the small soak, and proof that the balance sheet sees every kind of broken promise."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos.soak.balance import Balance, balance
from tests.chaos.soak.plan import KINDS, plan, unreadable
from tests.s3_records import record_of
from tests.stage import ROOT
from tests.unit.poller.poller_fakes import event, result
from wire.result_message import Result

OBJECTS = 40


@pytest.mark.pipeline
@pytest.mark.fault(46)
@pytest.mark.parametrize("seed", [1])
def test_a_small_soak_balances(tmp_path: Path, seed: int) -> None:
    figures = tmp_path / "soak.json"
    command = [ROOT / "scripts" / "soak.sh", "--objects", str(OBJECTS), "--seed", str(seed), "--json", figures]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = json.loads(figures.read_text())
    assert found["sound"]
    assert found["lost"] == found["doubled"] == found["differing"] == 0
    assert found["uploaded"] == sum(found["results"].values()) >= OBJECTS
    assert found["faults"]["poller"] > 0
    assert found["faults"]["function"] > 0


ONE, TWO, THREE = (result(version=version) for version in ("v1", "v2", "v3"))
VERSIONS = {ONE.upload.job_id: "one", TWO.upload.job_id: "two"}


def sheet(first: list[Result], second: list[Result], dead: list[str], rubbish: int = 0) -> Balance:
    return balance(VERSIONS, [first, second], dead, rubbish)


def test_a_result_for_each_version_is_sound_whichever_machine_has_it() -> None:
    found = sheet([ONE], [TWO], [])
    assert found.is_sound
    assert found.results == {"no_face": 2}


def test_a_version_in_the_dead_letter_queue_is_not_lost() -> None:
    found = sheet([ONE], [], [event(record_of(TWO.upload))])
    assert found.is_sound
    assert found.dead == 1


def test_a_version_that_is_nowhere_is_lost() -> None:
    found = sheet([ONE], [], [])
    assert not found.is_sound
    assert found.lost == ("two",)


def test_two_files_of_one_version_on_one_machine_break_a_promise() -> None:
    found = sheet([ONE, ONE, TWO], [], [])
    assert not found.is_sound
    assert found.doubled == 1


def test_the_same_file_on_two_machines_is_told_and_is_no_broken_promise() -> None:
    found = sheet([ONE, TWO], [TWO], [])
    assert found.is_sound
    assert found.copies == 1


def test_two_answers_for_one_version_break_a_promise() -> None:
    found = sheet([ONE, TWO], [replace(TWO, outcome="rejected", reason="no clip")], [])
    assert not found.is_sound
    assert found.differing == 1


def test_a_version_both_filed_and_dead_breaks_a_promise() -> None:
    found = sheet([ONE, TWO], [], [event(record_of(TWO.upload))])
    assert not found.is_sound
    assert found.both == 1


def test_a_result_of_nothing_uploaded_breaks_a_promise() -> None:
    assert not sheet([ONE, TWO, THREE], [], []).is_sound


def test_an_unreadable_message_that_is_gone_breaks_a_promise() -> None:
    assert sheet([ONE, TWO], [], ["no JSON"], rubbish=1).is_sound
    assert not sheet([ONE, TWO], [], [], rubbish=1).is_sound


def test_a_seed_plans_the_same_and_a_thousand_objects_hold_every_kind() -> None:
    planned = list(plan(1000, 7))
    assert planned == list(plan(1000, 7)) != list(plan(1000, 8))
    assert {item.kind for item in planned} == set(KINDS)
    assert len({item.key for item in planned}) == 1000
    assert len(unreadable(1000, 7)) == 20
