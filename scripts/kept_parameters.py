"""Which of a stage's parameters a deployment keeps: decided from what is deployed, given and written down.

No AWS, no files. The surprising rule: what nobody gives stays as it is deployed, even where serverless.yml's default
has changed since; only `--param`, or serverless.yml under the stage's own name, changes a stage.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

TOLD_OTHERWISE = {  # deploy.sh's own to determine
    "region": "--region says it",
    "account": "it is that of the credentials",
    "imageDigest": "it is that of the image that is pushed",
    "suffix": "--stage says it",
}
RECORD = "Parameters"  # the stack's Output with all that is no parameter of the stack's own: resources/outputs.yml
MADE = "FunctionName"  # an Output that every stage has had from the first deployment that succeeded


@dataclass(frozen=True, slots=True)
class Kept:
    """A parameter that stays as it is deployed. `otherwise`: what this deployment would have set."""

    name: str
    value: str
    otherwise: str

    def __str__(self) -> str:
        default = self.otherwise or "none"
        return f"keeps {self.name}={self.value} from the stage (--param {self.name}= for the default: {default})"


@dataclass(frozen=True, slots=True)
class Changed:
    """A parameter that is given, or written down for the stage, and not what is deployed."""

    name: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"changes {self.name} from {self.before or 'none'} to {self.after or 'none'}"


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a deployment would set: every parameter as text, and those that serverless.yml has for this very stage."""

    parameters: Mapping[str, str]
    written_down: frozenset[str]
    template: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a stage was deployed with. `complete`: no parameter of that version is left out."""

    parameters: Mapping[str, str]
    complete: bool = True


NEVER = Deployed({})


def refused(given: Collection[str], known: Collection[str]) -> list[str]:
    """What is wrong with the names that were given, a line each. osls itself passes over a name it does not know."""
    stranger = "there is no such parameter: docs/deploy.md lists them"
    reasons = {name: TOLD_OTHERWISE.get(name, "" if name in known else stranger) for name in given}
    return [f"no --param {name}: {reason}" for name, reason in reasons.items() if reason]


def read_back(stack: Mapping[str, Any], known: Collection[str]) -> Deployed:
    """What `stack`, as CloudFormation describes it, was deployed with, as far as it tells.

    `known`: the parameters that this version has. A stack from before the record tells a few by other Outputs.
    """
    outputs = {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])}
    if MADE not in outputs:
        return NEVER
    own = {item["ParameterKey"]: item["ParameterValue"] for item in stack.get("Parameters", [])}
    told = {key[0].lower() + key[1:]: value for key, value in {**outputs, **own}.items()}
    told.update(json.loads(outputs.get(RECORD, "{}")))
    ours = {name: value for name, value in told.items() if name in known and name not in TOLD_OTHERWISE}
    return Deployed(ours, RECORD in outputs)


def untold(deployed: Deployed, given: Collection[str], rendered: Rendered) -> list[str]:
    """Parameters that a deployed stage, one from before the record, does not tell and that nobody has given."""
    if deployed.complete:
        return []
    settled = {*deployed.parameters, *given, *rendered.written_down, *TOLD_OTHERWISE}
    return [name for name in rendered.parameters if name not in settled]


def compare(deployed: Deployed, given: Collection[str], rendered: Rendered) -> list[Kept | Changed]:
    """What stays although this deployment would set something else, and what changes.

    An empty value means that there is none, and gives way to a default.
    """
    differ = {name: value for name, value in deployed.parameters.items() if value != rendered.parameters[name]}
    settled = {*given, *rendered.written_down}
    return [
        Kept(name, value, rendered.parameters[name])
        if name not in settled and value
        else Changed(name, value, rendered.parameters[name])
        for name, value in differ.items()
    ]
