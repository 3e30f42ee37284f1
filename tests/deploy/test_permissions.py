"""Each permission of each role is needed, and none is missing: taken away in turn, it breaks what needs it, no more.

On the stage `local`, where IAM is enforced. What is not declared in `uses` fails here whichever way it is wrong: a
permission without a use, a use without its permission, a use that needs less than it says.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import pytest

from localcloud.deployment import client, role_credentials
from tests.deploy.account import Account
from tests.deploy.deployed import Meaning, physical_ids, stack_name
from tests.deploy.granted import permissions, policies, without
from tests.deploy.uses import OPERATOR, Permission, Stage, Use
from tests.deploy.uses import UNTRIED as PROGRAMS_UNTRIED
from tests.deploy.uses import USES as PROGRAMS_USES
from tests.deploy.uses_of_people import CONSOLE, INSTRUCTOR, ONLY_LOCAL, PEOPLES_UNTRIED, PEOPLES_USES, PRIVACY

USES = [*PROGRAMS_USES, *PEOPLES_USES]
UNTRIED = PROGRAMS_UNTRIED | PEOPLES_UNTRIED
THE_CONSOLES = (INSTRUCTOR, PRIVACY, OPERATOR)
ROLES = sorted({use.role for use in USES})
CASES = sorted({(use.role, permission) for use in USES for permission in use.needs})


@dataclass(frozen=True)
class Grants:
    """The roles of the stage `local`: their policies as the template has them, and what the references in it mean."""

    account: Account
    resources: dict[str, Any]
    meaning: Meaning
    stages: dict[str, Stage]

    def take_away(self, role: str, *taken: Permission) -> None:
        self._put(role, partial(without, taken=taken))

    def restore(self, role: str) -> None:
        self._put(role, lambda document: document)

    def _put(self, role: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Put the role's policies, changed; one with no statement left goes, since IAM takes no empty ones."""
        iam, name = self.account.client("iam"), self.meaning.physical[role]
        for policy, document in policies(self.resources, role).items():
            changed = self.meaning.of(change(document))
            if changed["Statement"]:
                iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(changed))
            else:
                iam.delete_role_policy(RoleName=name, PolicyName=policy)


@pytest.fixture(scope="module")
def grants(account: Account) -> Grants:
    formation = account.client("cloudformation")
    template = formation.get_template(StackName=stack_name("local"))["TemplateBody"]
    template = json.loads(template) if isinstance(template, str) else template
    meaning = Meaning(template, physical_ids(account, "local"), {"RequireTls": "false"})
    stages = {role: _as_role(account, meaning.physical[role]) for role in (*ROLES, CONSOLE)}
    stages[ROLES[0]].furnish()
    return Grants(account, template["Resources"], meaning, stages)


def _as_role(account: Account, name: str) -> Stage:
    arn = account.client("iam").get_role(RoleName=name)["Role"]["Arn"]
    environment = {**account.cloud.operator, **role_credentials(account.cloud.port, arn, "tests")}
    return Stage(account, cache(lambda service: client(service, environment)))


def broken(grants: Grants, role: str) -> dict[str, Exception]:
    """The uses of the role that fail now, with what they fail of."""
    found = {}
    for use in USES:
        if use.role == role and (error := _failure(use, grants.stages[role])):
            found[use.name] = error
    return found


def _failure(use: Use, stage: Stage) -> Exception | None:
    try:
        use.act(stage)
    except Exception as error:
        return error
    return None


@pytest.fixture
def restored(grants: Grants) -> Iterator[Grants]:
    yield grants
    for role in ROLES:
        grants.restore(role)


@pytest.mark.parametrize("role", ROLES)
def test_every_permission_of_a_role_has_a_use_and_every_use_its_permissions(
    role: str, resources: dict[str, Any]
) -> None:
    tried = {permission for name, permission in CASES if name == role}
    assert permissions(resources, role) == tried | UNTRIED.get(role, frozenset())


@pytest.mark.pipeline
@pytest.mark.parametrize("role", ROLES)
def test_with_all_its_permissions_a_role_can_do_all_it_is_there_for(
    role: str, grants: Grants, resources: dict[str, Any]
) -> None:
    here = permissions(grants.resources, role) - ONLY_LOCAL.get(role, frozenset())
    assert here == permissions(resources, role), "those of every other stage"
    assert broken(grants, role) == {}


@pytest.mark.pipeline
@pytest.mark.parametrize(("role", "permission"), CASES, ids=[" ".join((role, *taken)) for role, taken in CASES])
def test_without_one_permission_exactly_what_needs_it_fails(
    role: str, permission: Permission, restored: Grants
) -> None:
    restored.take_away(role, permission)
    assert set(broken(restored, role)) == {use.name for use in USES if use.role == role and permission in use.needs}


@pytest.mark.pipeline
@pytest.mark.parametrize("role", UNTRIED)
def test_what_is_said_to_be_untried_here_is_asked_for_by_nobody_here(role: str, restored: Grants) -> None:
    restored.take_away(role, *UNTRIED[role])
    assert broken(restored, role) == {}, "the local AWS asks for more than it did: declare the use that needs it"


def test_the_console_may_do_what_instructor_privacy_officer_and_operator_may_together_and_no_more(
    resources: dict[str, Any],
) -> None:
    theirs = {
        name: each for role in (INSTRUCTOR, PRIVACY, OPERATOR) for name, each in policies(resources, role).items()
    }
    assert policies(resources, CONSOLE) == theirs


@pytest.mark.pipeline
def test_with_the_consoles_rights_all_is_done_that_the_three_are_there_for(restored: Grants) -> None:
    done = [use for use in USES if use.role in THE_CONSOLES]
    assert {use.name: error for use in done if (error := _failure(use, restored.stages[CONSOLE]))} == {}
