"""docs/gallery.md: what it tells a reader to type is typed here, on a deployed stage."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from recognition.aws.galleries import S3Galleries
from tests.stage import ROOT

pytestmark = pytest.mark.pipeline
PAGE = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
RUN_HERE = re.compile(r"<!-- run by tests/pipeline/test_gallery_document\.py -->\n```sh\n(.*?)```", re.DOTALL)
LISTED = re.compile(r"^version +published at .*$", re.MULTILINE)


@pytest.fixture
def folder(pipeline: Any, samples: Path) -> Path:
    """As the page finds it: two students published, other photographs of both, clips of a section."""
    shutil.copytree(samples / "photographs", pipeline.folder / "photographs")
    for student in (pipeline.folder / "photographs").iterdir():
        next(student.glob("*.jpg")).unlink()
    session = pipeline.folder / "clips" / "cse546" / "2026-11-23T0900"
    session.mkdir(parents=True)
    shutil.copy(samples / "clips" / "collins.mp4", session / "cam1.mp4")
    return Path(pipeline.folder)


def test_the_pages_commands_publish_rehearse_switch_and_go_back(pipeline: Any, folder: Path) -> None:
    blocks = RUN_HERE.findall(PAGE)
    assert len(blocks) == 3
    galleries = S3Galleries(pipeline.client("s3"), pipeline.cloud.operator["GALLERY_BUCKET"])
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    def typed(script: str) -> str:
        return str(pipeline.run("bash", "-euo", "pipefail", "-c", script, environment={"PATH": path}))

    listed = typed(blocks[0])
    titles = LISTED.findall(PAGE)[0].split()
    assert LISTED.findall(listed)[0].split() == titles
    assert galleries.current().photographs == (3, 3)
    rehearsed = typed(blocks[1])
    assert "1 clip(s), 1 face(s): 0 answer(s) and 0 line(s) of roll calls would change" in rehearsed
    assert galleries.current().photographs == (3, 3), "a rehearsal switches nothing"
    gone_back = typed(blocks[2])
    assert gone_back.count("published gallery ") == 2
    assert galleries.current().photographs == (3, 3)
