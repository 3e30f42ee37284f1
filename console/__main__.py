"""`python -m console serve | add-user | remove-user | users`."""

from __future__ import annotations

import gc
import logging
import os
import sys
from pathlib import Path
from typing import cast

import click

from console.settings import FOLDER, read_settings
from console.users import ROLES, Role, add_user, read_users, remove_user
from recognition.errors import RecognitionError

THREADS = 8


@click.group()
def cli() -> None:
    """Smart Classroom's page. Its settings are environment variables: docs/console.md."""


@cli.command()
def serve() -> None:
    """Serve the console until Ctrl-C, on loopback unless CONSOLE_HOST says otherwise."""
    from waitress import serve as serve_wsgi

    from console.app import create_app
    from console.protection import LARGEST_FORM

    settings = read_settings(os.environ)
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)  # it tells where it found each credential
    app = create_app(settings)
    gc.freeze()  # what is loaded by now stays: no collection need look through it while somebody waits for a page
    click.echo(f"console: http://{settings.host}:{settings.port}/  (Ctrl-C ends it)", err=True)
    serve_wsgi(
        app,
        host=settings.host,
        port=settings.port,
        threads=THREADS,
        ident=None,
        max_request_body_size=LARGEST_FORM,  # else it would put a gigabyte of anybody's on the disk
        clear_untrusted_proxy_headers=not settings.behind_proxy,
    )


@cli.command("add-user")
@click.argument("name")
@click.option("--role", "roles", type=click.Choice(ROLES), multiple=True, required=True, help="May be repeated.")
@click.password_option(help="Asked for if it is not given, which is better: other users can see a command's options.")
def add(name: str, roles: tuple[str, ...], password: str) -> None:
    """Let NAME sign in, or give NAME another password or other roles."""
    add_user(_users_file(), name, frozenset(cast(tuple[Role, ...], roles)), password)
    click.echo(f"{name}: {', '.join(roles)}")


@cli.command("remove-user")
@click.argument("name")
def remove(name: str) -> None:
    """Keep NAME out, at once."""
    remove_user(_users_file(), name)


@cli.command()
def users() -> None:
    """List who may sign in, as what."""
    for user in read_users(_users_file()).values():
        click.echo(f"{user.name}: {', '.join(sorted(user.roles))}")


def _users_file() -> Path:
    """Before there are users the other settings may not be possible yet: this one stands alone."""
    return Path(os.environ.get("CONSOLE_FOLDER") or FOLDER) / "users.json"


def main() -> int:
    """Run the command line; what is not our own fault becomes one clear line and exit code 1."""
    try:
        cli(standalone_mode=True, prog_name="python -m console")
    except (RecognitionError, OSError) as error:
        click.echo(f"error: {error}", err=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
