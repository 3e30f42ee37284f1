"""Each permission of each role is needed, and none is missing: taken away in turn, it breaks what needs it, no more.

On the stage `local`, where IAM is enforced, for each trigger. What is not declared in `uses` fails here whichever way
it is wrong: a permission without a use, a use without its permission, a use that needs less than it says.
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
from tests.deploy.uses import OPERATOR, POLLER, POLLER_USES, Permission, Stage, Use
from tests.deploy.uses import UNTRIED as PROGRAMS_UNTRIED
from tests.deploy.uses import USES as PROGRAMS_USES
from tests.deploy.uses_of_people import CONSOLE, INSTRUCTOR, ONLY_LOCAL, PEOPLES_UNTRIED, PEOPLES_USES, PRIVACY

Render = Callable[..., dict[str, Any]]

USES = {trigger: [*uses, *PEOPLES_USES] for trigger, uses in PROGRAMS_USES.items()}
UNTRIED = PROGRAMS_UNTRIED | PEOPLES_UNTRIED
THE_CONSOLES = (INSTRUCTOR, PRIVACY, OPERATOR)
ROLES = sorted({use.role for use in USES["poller"]})
CASES = {trigger: sorted({(use.role, each) for use in uses for each in use.needs}) for trigger, uses in USES.items()}
# What the trigger leaves alone is tried once. Of the poller's role, whose statements it changes, all is tried again.
TRIED = [
    (trigger, role, permission)
    for trigger, cases in CASES.items()
    for role, permission in cases
    if trigger == "poller" or role == POLLER or (role, permission) not in CASES["poller"]
]
BOTH = [(trigger, role) for trigger in USES for role in ROLES]


@dataclass(frozen=True)
class Grants:
    """The roles of the stage `local`, given their policies as the template has them by the stage's trigger.

    `meaning`: of the references in them. No trigger changes what they name.
    """

    account: Account
    resources: dict[str, dict[str, Any]]
    meaning: Meaning
    stages: dict[str, Stage]

    def take_away(self, trigger: str, role: str, *taken: Permission) -> None:
        self._put(trigger, role, partial(without, taken=taken))

    def restore(self, trigger: str, role: str) -> None:
        self._put(trigger, role, lambda document: document)

    def _put(self, trigger: str, role: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Put the role's policies, changed, and no others; one with no statement left goes: IAM takes no empty ones."""
        iam, name = self.account.client("iam"), self.meaning.physical[role]
        changed = {
            policy: self.meaning.of(change(document))
            for policy, document in policies(self.resources[trigger], role).items()
        }
        wanted = {policy: document for policy, document in changed.items() if document["Statement"]}
        for policy, document in wanted.items():
            iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))
        for policy in set(iam.list_role_policies(RoleName=name)["PolicyNames"]) - wanted.keys():
            iam.delete_role_policy(RoleName=name, PolicyName=policy)


@pytest.fixture(scope="module")
def grants(account: Account, render: Render) -> Iterator[Grants]:
    formation = account.client("cloudformation")
    template = formation.get_template(StackName=stack_name("local"))["TemplateBody"]
    template = json.loads(template) if isinstance(template, str) else template
    meaning = Meaning(template, physical_ids(account, "local"), {"RequireTls": "false"})
    stages = {role: _as_role(account, meaning.physical[role]) for role in ROLES}
    stages[ROLES[0]].furnish()
    by_queue = render("local", "trigger=queue")["Resources"]
    grants = Grants(account, {"poller": template["Resources"], "queue": by_queue}, meaning, stages)
    yield grants
    for role in ROLES:
        grants.restore("poller", role)


def _as_role(account: Account, name: str) -> Stage:
    arn = account.client("iam").get_role(RoleName=name)["Role"]["Arn"]
    environment = {**account.cloud.operator, **role_credentials(account.cloud.port, arn, "tests")}
    return Stage(account, cache(lambda service: client(service, environment)))


def broken(grants: Grants, trigger: str, role: str) -> dict[str, Exception]:
    """The uses of the role that fail now, with what they fail of."""
    found = {}
    for use in USES[trigger]:
        if use.role == role and (error := _failure(use, grants.stages[role])):
            found[use.name] = error
    return found


def _failure(use: Use, stage: Stage) -> Exception | None:
    try:
        use.act(stage)
    except Exception as error:
        return error
    return None


@pytest.mark.parametrize(("trigger", "role"), BOTH)
def test_every_permission_of_a_role_has_a_use_and_every_use_its_permissions(
    trigger: str, role: str, render: Render
) -> None:
    stage = _of_main_stage(render, trigger)
    tried = {permission for name, permission in CASES[trigger] if name == role}
    proved = [permissions(stage, other) for other in THE_CONSOLES] if role == CONSOLE else []
    assert permissions(stage, role) == tried.union(UNTRIED.get(role, frozenset()), *proved)


def _of_main_stage(render: Render, trigger: str) -> dict[str, Any]:
    return dict((render("prod") if trigger == "poller" else render("prod", f"trigger={trigger}"))["Resources"])


@pytest.mark.pipeline
@pytest.mark.parametrize(("trigger", "role"), BOTH)
def test_with_all_its_permissions_a_role_can_do_all_it_is_there_for(
    trigger: str, role: str, grants: Grants, render: Render
) -> None:
    grants.restore(trigger, role)
    here = permissions(grants.resources[trigger], role) - ONLY_LOCAL.get(role, frozenset())
    assert here == permissions(_of_main_stage(render, trigger), role), "those of every other stage"
    assert broken(grants, trigger, role) == {}


@pytest.mark.pipeline
@pytest.mark.parametrize(
    ("trigger", "role", "permission"),
    TRIED,
    ids=[" ".join((trigger, role, *taken)) for trigger, role, taken in TRIED],
)
def test_without_one_permission_exactly_what_needs_it_fails(
    trigger: str, role: str, permission: Permission, grants: Grants
) -> None:
    grants.take_away(trigger, role, permission)
    needing = {use.name for use in USES[trigger] if use.role == role and permission in use.needs}
    assert set(broken(grants, trigger, role)) == needing


@pytest.mark.pipeline
@pytest.mark.parametrize("role", UNTRIED)
def test_what_is_said_to_be_untried_here_is_asked_for_by_nobody_here(role: str, grants: Grants) -> None:
    grants.take_away("poller", role, *UNTRIED[role])
    assert broken(grants, "poller", role) == {}, (
        "the local AWS asks for more than it did: declare the use that needs it"
    )


@pytest.mark.pipeline
def test_where_the_queue_is_the_trigger_the_poller_may_not_do_what_the_mapping_does(grants: Grants) -> None:
    grants.restore("queue", POLLER)
    stage = grants.stages[POLLER]
    refused = {use.name for use in USES["poller"] if use.role == POLLER and _failure(use, stage)}
    assert refused == {
        "PollerRole: messages_are_taken, RequestQueue",
        "PollerRole: messages_are_deleted, RequestQueue",
        "PollerRole: messages_are_kept_hidden, RequestQueue",
        "PollerRole: messages_are_sent, DeadLetterQueue",
        "PollerRole: the_function_is_invoked",
    }


@pytest.mark.pipeline
def test_where_the_queue_is_the_trigger_no_other_policy_makes_the_poller_a_second_invoker(grants: Grants) -> None:
    grants.restore("queue", POLLER)
    stage, iam, name = grants.stages[POLLER], grants.account.client("iam"), grants.meaning.physical[POLLER]
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_role_policy(RoleName=name, PolicyName="administrator", PolicyDocument=json.dumps(everything))
    invoking = next(use for use in POLLER_USES if "the_function_is_invoked" in use.name)
    taking = next(use for use in POLLER_USES if "messages_are_taken, RequestQueue" in use.name)
    assert _failure(taking, stage) is None, "the other policy counts"
    assert _failure(invoking, stage) is not None


def test_the_console_has_the_policies_of_instructor_privacy_officer_and_operator_and_one_of_its_own(
    resources: dict[str, Any],
) -> None:
    theirs: dict[str, Any] = {}
    for role in THE_CONSOLES:
        theirs |= policies(resources, role)
    own = policies(resources, CONSOLE)
    assert {name: own[name] for name in own if name != "serve"} == theirs


@pytest.mark.pipeline
def test_with_the_consoles_rights_all_is_done_that_the_three_are_there_for(grants: Grants) -> None:
    grants.restore("poller", CONSOLE)
    done = [use for use in USES["poller"] if use.role in THE_CONSOLES]
    assert {use.name: error for use in done if (error := _failure(use, grants.stages[CONSOLE]))} == {}
