"""Where the model files are found, and the unpacked HOG detector that must answer like dlib's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dlib
import numpy as np
import pytest
import skimage.data

from recognition import models
from recognition.errors import SetupError


def test_the_files_are_found_without_importing_their_package() -> None:
    code = (
        "import sys; from recognition.models import RESNET, model_file; print(model_file(RESNET)); "
        "print([name for name in ('face_recognition_models', 'pkg_resources', 'dlib') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    path, imported = ran.stdout.splitlines()
    assert Path(path).stat().st_size > 20_000_000
    assert imported == "[]"


def test_a_missing_file_says_what_to_install() -> None:
    with pytest.raises(SetupError, match=r"nothing\.dat is missing: install face_recognition_models again"):
        models.model_file("nothing.dat")


def test_a_missing_package_says_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "find_spec", lambda name: None)
    with pytest.raises(SetupError, match=r"scripts/setup\.sh"):
        models.models_folder()


def test_the_unpacked_detector_answers_like_dlibs_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "models_folder", lambda: tmp_path)
    assert models.main() == 0
    assert [path.name for path in tmp_path.iterdir()] == [f"frontal_face_detector-{dlib.__version__}.svm"]
    grey = np.ascontiguousarray(skimage.data.astronaut().mean(axis=2).astype(np.uint8))
    unpacked, own = models.frontal_face_detector(), dlib.get_frontal_face_detector()
    assert unpacked.run(grey, 1, -0.5) == own.run(grey, 1, -0.5)


def test_without_the_unpacked_file_dlibs_own_detector_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "models_folder", lambda: tmp_path)
    assert models.frontal_face_detector().num_detectors == 5


def test_a_folder_that_cannot_be_written_is_said_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(models, "models_folder", lambda: tmp_path / "missing")
    assert models.main() == 1
    assert "cannot be written" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
