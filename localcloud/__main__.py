"""`python -m localcloud up | down | status | renew | logs`."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
import time
from pathlib import Path

from localcloud import cloud as clouds
from localcloud import processes
from localcloud.deployment import client
from localcloud.errors import LocalCloudError
from localcloud.places import SHARED, Places
from localcloud.record import ENVIRONMENTS, Cloud, found


def main() -> int:
    """Do what the arguments ask; 1 when it could not be done, and why on standard error."""
    arguments = _parser().parse_args()
    try:
        return int(arguments.verb(arguments))
    except LocalCloudError as error:
        print(f"localcloud: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m localcloud", description="AWS on this machine, for demo and tests")
    verbs = parser.add_subparsers(required=True)
    for verb in (_up, _down, _status, _renew, _logs):
        command = verbs.add_parser(verb.__name__.removeprefix("_"), help=verb.__doc__)
        command.set_defaults(verb=verb)
        command.add_argument(
            "--state", type=Path, default=SHARED, help="folder of this instance (default: %(default)s)"
        )
        if verb is _up:
            command.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: any free one)")
            command.add_argument("--concurrency", type=int, default=clouds.CONCURRENCY, help="clips at once")
            command.add_argument(
                "--param",
                type=_parameter,
                action="append",
                default=[],
                metavar="NAME=VALUE",
                help="a stage parameter of serverless.yml, such as trigger=queue",
            )
            command.add_argument("--detach", action="store_true", help="return once it is up; `down` ends it")
    return parser


def _parameter(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not (name and separator):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _up(arguments: argparse.Namespace) -> int:
    """start the emulator and deploy; stays until Ctrl-C"""
    _leave_on_signals()
    started = time.monotonic()
    cloud = clouds.up(arguments.state, arguments.port, arguments.concurrency, dict(arguments.param))
    took_s = time.monotonic() - started
    if arguments.detach:
        _announce(cloud, arguments.port, took_s)
        return 0
    try:
        _announce(cloud, arguments.port, took_s)
        print("Ctrl-C ends it.", flush=True)
        while processes.alive(cloud.pid):
            time.sleep(0.5)
    finally:
        clouds.down(cloud.state)
    raise LocalCloudError(f"ministack ended by itself; see {Places(cloud.state).logs / 'ministack.log'}")


def _leave_on_signals() -> None:
    """Clean up on TERM, and on HUP unless nohup asked for it to be ignored. The first one counts."""
    ends = [end for end in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(end) != signal.SIG_IGN]

    def leave(number: int, _: object) -> None:
        for end in ends:
            signal.signal(end, signal.SIG_IGN)  # a closing session sends both: the second must not stop the clean-up
        sys.exit(128 + number)

    for end in ends:
        signal.signal(end, leave)


def _announce(cloud: Cloud, wanted: int, took_s: float) -> None:
    print(f"up at {cloud.endpoint} in {took_s:.1f} s")
    if wanted not in (0, cloud.port):
        print(f"  (port {wanted} was taken)")
    places = Places(cloud.state)
    for whose in ENVIRONMENTS:
        shell = f"a shell as {whose}:"
        print(f"  {shell:<22} . {shlex.quote(str(places.environment(whose)))}", flush=True)


def _down(arguments: argparse.Namespace) -> int:
    """end it with all its processes"""
    print("down" if clouds.down(arguments.state) else "nothing was up")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    """say what runs; exit status 1 when nothing does"""
    cloud = found(arguments.state)
    print(f"up at {cloud.endpoint}, process {cloud.pid}" if cloud else "nothing is up")
    return 0 if cloud else 1


def _renew(arguments: argparse.Namespace) -> int:
    """write credentials for another twelve hours; exit status 1 when nothing runs"""
    cloud = clouds.renew(arguments.state)
    print(f"renewed, until twelve hours from now: {cloud.state}" if cloud else "nothing is up")
    return 0 if cloud else 1


def _logs(arguments: argparse.Namespace) -> int:
    """print the function's log"""
    cloud = found(arguments.state)
    if cloud is None:
        raise LocalCloudError("nothing is up")
    group = f"/aws/lambda/{cloud.operator['FUNCTION_NAME']}"
    pages = client("logs", cloud.operator).get_paginator("filter_log_events").paginate(logGroupName=group)
    for page in pages:
        for event in page["events"]:
            print(event["message"].rstrip("\n"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
