"""The stage that faults are injected into, one for all tests, empty for each: `chaos_stage` says what it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import localcloud
from tests.chaos.chaos_stage import SHORT, ChaosStage, chaos_cloud, stage_on
from tests.chaos.proxy import Proxy


@pytest.fixture(scope="session")
def shared_cloud() -> Iterator[tuple[localcloud.Cloud, Proxy]]:
    with chaos_cloud() as made:
        yield made


@pytest.fixture
def stage(shared_cloud: tuple[localcloud.Cloud, Proxy], tmp_path: Path) -> Iterator[ChaosStage]:
    with stage_on(*shared_cloud, tmp_path) as made:
        yield made


@pytest.fixture
def brisk(stage: ChaosStage) -> None:
    """Ticks that receive for a second only, for faults that take several of them."""
    stage.told = {**stage.told, **SHORT}
