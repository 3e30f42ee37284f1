"""`python -m poller.environment_file`: what the poller's environment file must say, from what is given and what was.

For scripts/install_poller.sh, which runs it straight from the wheel before it changes anything: standard library only,
no AWS. The surprising rule: values are taken as they are written, nothing is expanded, and none is ever shown.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from poller.errors import SettingsError
from poller.settings import Settings
from poller.settings_table import TABLE

DEFAULT_RESULTS = "/var/lib/smart-classroom/results"
SECRETS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
HEADER = "# The poller's settings: python -m poller.tick --help explains each. scripts/install_poller.sh keeps them.\n"


def parse(text: str, source: str) -> dict[str, str]:
    """The variables in the lines `NAME=value` or `export NAME=value`; blank lines, comments and `unset` say nothing.

    Raises `SettingsError` naming each line of `source` that is none of these.
    """
    found: dict[str, str] = {}
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            words = ["?"]
        if not words or words[0] == "unset":
            continue
        name, equals, value = words[-1].partition("=")
        if words[:-1] not in ([], ["export"]) or not equals or not name.isidentifier():
            problems.append(f"{source}, line {number} is not NAME=value (quote a value that has spaces)")
        found[name] = value
    if problems:
        raise SettingsError(problems)
    return found


def single(assignments: Iterable[str]) -> dict[str, str]:
    """Settings given one by one as NAME=VALUE. Raises `SettingsError`, for a wrong name is a slip here."""
    found: dict[str, str] = {}
    problems = []
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name:
            problems.append("--set takes NAME=VALUE")
        elif name in SECRETS:
            problems.append(f"--set {name}: everybody on this machine sees a command line; put it into --settings FILE")
        elif not is_ours(name):
            problems.append(f"--set {name}: the poller has no such setting")
        found[name] = value
    if problems:
        raise SettingsError(problems)
    return found


def is_ours(name: str) -> bool:
    """Whether the poller, its AWS SDK or the way to the network reads it."""
    return name in {n for setting in TABLE for n in setting.names} or name.startswith("AWS_") or name.upper() in PROXIES


def check(variables: Mapping[str, str]) -> None:
    """Raise `SettingsError` that names everything that is missing or bad for a poller started by cron."""
    problems = [f"{name} holds a control character" for name, value in variables.items() if not value.isprintable()]
    results = Path(variables["RESULTS_DIR"])
    if not results.is_absolute() or ".." in results.parts or len(results.parts) < 3:
        problems.append("RESULTS_DIR is not the absolute path of a directory of its own, such as " + DEFAULT_RESULTS)
    try:
        Settings.from_environment(variables)
    except SettingsError as error:
        problems.extend(error.problems)
    if problems:
        raise SettingsError(problems)


def lines(variables: Mapping[str, str]) -> str:
    """The file, for a shell to source."""
    return HEADER + "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())


def main(argv: Sequence[str] | None = None) -> int:
    """Print the file; say on standard error what was left out, or what is wrong with it (then 2 is returned)."""
    command = argparse.ArgumentParser(
        prog="python -m poller.environment_file", description="Print the poller's environment file."
    )
    command.add_argument("--keep", type=Path, help="the file as it is: everything in it stays unless given anew")
    command.add_argument("--settings", type=Path, help="a file of NAME=value lines, secrets too")
    command.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="one setting; wins")
    options = command.parse_args(argv)
    try:
        kept = parse(_text(options.keep), str(options.keep)) if options.keep and options.keep.exists() else {}
        given = parse(_text(options.settings), "--settings") if options.settings else {}
        ours = {name: value for name, value in given.items() if is_ours(name)}
        variables = {"RESULTS_DIR": DEFAULT_RESULTS, **kept, **ours, **single(options.set)}
        check(variables)
    except (SettingsError, OSError, UnicodeError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if left_out := sorted(given.keys() - ours.keys()):
        sys.stderr.write(f"not the poller's, left out: {', '.join(left_out)}\n")
    sys.stdout.write(lines(variables))
    return 0


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
