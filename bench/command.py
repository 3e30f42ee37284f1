"""What every benchmark says on the command line: where the data is, where the figures go, what a folder lacks.

Knows nothing of what is measured. The surprising rule: everything the user can get wrong is refused before the first
measurement, the folder for --json included, so that minutes of work never end in an error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import click

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
"""The evaluation data's usual place, beside the checkout."""

Command: TypeAlias = Callable[..., None]


def require(folder: Path, layout: Mapping[str, str]) -> None:
    """Refuse `folder` unless it holds every path in `layout`, which says what each of them is."""
    missing = [name for name in layout if not (folder / name).exists()]
    if missing:
        wanted = "\n".join(f"  {name:<18} {meaning}" for name, meaning in layout.items())
        lacks = f"lacks {', '.join(missing)}" if folder.is_dir() else "is not a folder"
        raise click.UsageError(f"{folder} {lacks}. The folder given by --data DIR must hold\n{wanted}")


def in_a_folder(context: click.Context, option: click.Parameter, file: Path | None) -> Path | None:
    """A click callback: refuse a file to be written whose folder is not there."""
    if file is not None and not file.resolve().parent.is_dir():
        raise click.BadParameter(f"there is no folder {file.parent} to write it to", context, option)
    return file


def made_ready(context: click.Context, option: click.Parameter, folder: Path | None) -> Path | None:
    """A click callback: make the folder to be filled, or refuse it."""
    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.BadParameter(f"{folder} cannot be made: {error.strerror}", context, option) from error
    return folder


def data_option(name: str) -> Callable[[Command], Command]:
    """The option --data; without it the folder `name` of the evaluation data is taken."""
    return click.option(
        "--data",
        type=click.Path(path_type=Path),
        default=DATA / name,
        metavar="DIR",
        help=f"The folder with the evaluation data (default: ../shared/data/{name} beside the checkout).",
    )


def file_option(name: str, meaning: str) -> Callable[[Command], Command]:
    """An option that names a file to be written."""
    kind = click.Path(path_type=Path, dir_okay=False)
    return click.option(name, type=kind, callback=in_a_folder, metavar="FILE", help=meaning)


def folder_option(name: str, meaning: str) -> Callable[[Command], Command]:
    """An option that names a folder to be filled; it is made where there is none."""
    kind = click.Path(path_type=Path, file_okay=False)
    return click.option(name, type=kind, callback=made_ready, metavar="FOLDER", help=meaning)


json_option = file_option("--json", "Write the figures there too, as JSON.")


def write_figures(file: Path | None, figures: Mapping[str, object]) -> None:
    """Write `figures` to `file` as JSON; None writes nothing."""
    if file is not None:
        file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        click.echo(f"figures: {file}", err=True)
