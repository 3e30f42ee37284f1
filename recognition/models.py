"""Where dlib's model files are: beside the package `face_recognition_models`, which is found but never imported.

The surprising rule: dlib carries its HOG detector as a packed text that takes 0.3 CPU seconds to unpack at every start.
`python -m recognition.models` keeps it unpacked beside the others (155 kB); without that file the packed one serves.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from recognition.errors import SetupError

RESNET = "dlib_face_recognition_resnet_model_v1.dat"
FIVE_POINTS = "shape_predictor_5_face_landmarks.dat"
CNN = "mmod_human_face_detector.dat"


def models_folder() -> Path:
    """The folder of the model files. Raises `SetupError` when the package is not installed.

    The package is not imported: its own look-up loads `pkg_resources`, 0.07 CPU seconds for two paths.
    """
    spec = find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise SetupError("face_recognition_models is not installed: run scripts/setup.sh, or pip install it")
    return Path(spec.origin).parent / "models"


def model_file(name: str) -> str:
    """The path of a model file. Raises `SetupError` when it is missing."""
    file = models_folder() / name
    if not file.is_file():
        raise SetupError(f"{file} is missing: install face_recognition_models again")
    return str(file)


def unpacked_hog() -> Path:
    """Where the unpacked HOG detector lies, if it does. It belongs to one version of dlib."""
    import dlib

    return models_folder() / f"frontal_face_detector-{dlib.__version__}.svm"


def frontal_face_detector() -> Any:
    """dlib's HOG detector, from the unpacked file where there is one."""
    import dlib

    file = unpacked_hog()
    return dlib.fhog_object_detector(str(file)) if file.is_file() else dlib.get_frontal_face_detector()


def main() -> int:
    """Keep the HOG detector unpacked. Run once after installing; exit code 1 where the folder cannot be written."""
    import click
    import dlib

    file = unpacked_hog()
    unfinished = file.with_suffix(".unfinished")
    try:
        dlib.get_frontal_face_detector().save(str(unfinished))
        unfinished.replace(file)
    except (OSError, RuntimeError):  # dlib raises the latter, and does not say why
        click.echo(f"models: {file} cannot be written; without it recognition starts 0.3 s later", err=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
