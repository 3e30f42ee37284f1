"""AWS as the poller sees it: who we are, whose clock is off, the queues.

Knows a small port, no client. The surprising rule: the clock is read off any reply, a refusal included, since a clock
that is off makes AWS refuse everything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from poller.errors import AwsError, Refused, Unusable
from poller.examine.finding import Finding, State
from poller.ports import MeasuredQueue
from poller.replies import HINT_RIGHTS

SKEW_S = 60.0
SKEW_LIMIT_S = 300.0  # AWS refuses a signature that is older
CREDENTIALS_DO = {
    "NoCredentialsError": "give AWS_PROFILE, or keys in the environment file: docs/poller.md, Installing it",
    "CredentialRetrievalError": "run the profile's credential_process by hand, as the poller's user, and mend it",
    "ProfileNotFound": "AWS_PROFILE names a profile that ~/.aws/config of this user does not have",
    "ExpiredToken": "get fresh credentials; with role_arn or credential_process in the profile they renew themselves",
    "ExpiredTokenException": "get fresh credentials; with role_arn or credential_process they renew themselves",
    "InvalidClientTokenId": "the access key is unknown to AWS: deleted, inactive, or of another partition",
    "UnrecognizedClientException": "the access key is unknown to AWS: deleted, inactive, or of another partition",
    "SignatureDoesNotMatch": "the secret key is not the access key's: copy both again",
    "AccessDenied": "the machine may not assume the profile's role_arn: pollerPrincipal, docs/deploy.md",
}


class Instruments(Protocol):
    """What it takes to examine AWS. Each call raises `AwsError`."""

    def identity(self) -> str:
        """The ARN AWS knows us by."""
        ...

    def dry_run(self, function: str) -> None:
        """Ask whether we might invoke the function, without doing so."""
        ...

    def queue(self, url: str) -> MeasuredQueue:
        """The queue at `url`."""
        ...

    def key_end(self) -> str:
        """The last four characters of the access key's id."""
        ...

    def skews(self) -> Sequence[float]:
        """AWS' clock less ours, in seconds, at each reply so far."""
        ...


@dataclass
class Access:
    """Credentials, once they are there; whether they come at all is the first check."""

    open: Callable[[], Instruments]
    instruments: Instruments | None = None

    def credentials(self) -> Finding:
        """Whether there are any; they may come from a program that has to run first."""
        try:
            self.instruments = self.open()
        except AwsError as error:
            return _failed("credentials", error, "none to be had")
        return Finding("credentials", State.OK, f"there, the access key's id ends in {self.instruments.key_end()}")


def identity(instruments: Instruments) -> Finding:
    """Whom AWS takes us for."""
    try:
        arn = instruments.identity()
    except (Unusable, Refused) as error:
        return _failed("identity", error, "AWS does not accept the credentials")
    except AwsError as error:
        return Finding("identity", State.WARNING, f"STS does not answer: {error.code}", "see whether the queues do")
    return Finding("identity", State.OK, f"AWS takes us for {_kind(arn)}")


def clock(skews: Sequence[float]) -> Finding:
    """This machine's clock against AWS'."""
    if not skews:
        return Finding("clock", State.SKIPPED, "no reply of AWS to compare it with")
    skew = min(skews, key=abs)  # a slow reply makes a difference look larger
    found = f"{abs(skew):.0f} s {'behind' if skew > 0 else 'ahead of'} AWS"
    advice = "systemctl enable --now chrony, then chronyc makestep"
    if abs(skew) > SKEW_LIMIT_S:
        return Finding("clock", State.ERROR, f"{found}: every request is refused", advice)
    if abs(skew) > SKEW_S:
        return Finding("clock", State.WARNING, f"{found}; past 5 min every request is refused", advice)
    return Finding("clock", State.OK, f"within {max(1, round(abs(skew)))} s of AWS")


def queue(name: str, variable: str, measured: MeasuredQueue, dead: bool) -> Finding:
    """Whether we may look at it and how much is in it. Dead letters are somebody's business."""
    try:
        depth = measured.depth()
    except AwsError as error:
        advice = error.hint
        if error.hint == HINT_RIGHTS:
            advice = f"the role must be the stage's poller role, {variable} the stage's queue"
        return Finding(name, State.ERROR, f"cannot be examined: {error.code}", advice or f"check {variable}")
    found = f"{depth.visible} waiting, {depth.in_flight} in flight, {depth.delayed} delayed"
    if dead and (depth.visible or depth.in_flight or depth.delayed):
        return Finding(name, State.WARNING, found, "python -m poller.dlq list")
    return Finding(name, State.OK, found)


def _failed(check: str, error: AwsError, what: str) -> Finding:
    """What to do is the clock's hint, if it is the clock, and else the code's own."""
    own = CREDENTIALS_DO.get(error.code, error.hint) if error.hint in ("", HINT_RIGHTS) else error.hint
    return Finding(check, State.ERROR, f"{what}: {error.code}", own or HINT_RIGHTS)


def _kind(arn: str) -> str:
    """What `arn` is. A user is not named: it may be a person."""
    resource = arn.rpartition(":")[2]
    if resource.startswith("assumed-role/"):
        return f"the role {resource.split('/')[1]}"
    return "the account's root" if resource == "root" else "a user, not a role"
