"""Every check of the template can fail: each way to break it is caught, by exactly the checks that are named for it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from itertools import product
from types import ModuleType
from typing import Any

import pytest

from poller.errors import SettingsError
from tests.deploy import test_promises, test_template
from tests.deploy.conftest import Render

Template = dict[str, Any]
Change = Callable[[Template], object]


def put(path: str, value: Any) -> Change:
    """Put `value` where `path` (logical id, then names and positions under Properties, with slashes) leads."""

    def change(template: Template) -> None:
        place, last = _place(template["Resources"], path)
        place[last] = value

    return change


def drop(path: str) -> Change:
    def change(template: Template) -> None:
        place, last = _place(template["Resources"], path)
        del place[last]

    return change


def add(logical: str, kind: str, **properties: Any) -> Change:
    return lambda template: template["Resources"].update({logical: {"Type": kind, "Properties": properties}})


def _place(resources: dict[str, Any], path: str) -> tuple[Any, Any]:
    logical, *way = path.split("/")
    place = resources[logical]["Properties"]
    for step in way[:-1]:
        place = place[int(step) if step.isdigit() else step]
    return (place, int(way[-1]) if way[-1].isdigit() else way[-1]) if way else (resources, logical)


ALLOW = "RequestQueuePolicy/PolicyDocument/Statement/0"
GRANT = "FunctionRole/Policies/0/PolicyDocument/Statement"
POLL = "PollerRole/Policies/0/PolicyDocument/Statement"
ROLES_RIGHTS = "function_may_do_what_its_code_does"
MUTATIONS: dict[str, tuple[Change, set[str]]] = {
    "no queue policy": (
        drop("RequestQueuePolicy"),
        {
            "lets_the_input_bucket_send",
            "right_bucket_of_this_account",
            "queue_is_reached_over_tls[RequestQueue]",
            "no_name_is_typed_twice",
        },
    ),
    "a queue policy for another queue": (
        put("RequestQueuePolicy/Queues", [{"Ref": "OutputQueue"}]),
        {"lets_the_input_bucket_send"},
    ),
    "a queue policy for another bucket": (
        put(f"{ALLOW}/Condition/ArnEquals/aws:SourceArn", {"Fn::Sub": "arn:aws:s3:::another"}),
        {"right_bucket_of_this_account", "no_name_is_typed_twice"},
    ),
    "any account's bucket": (drop(f"{ALLOW}/Condition/StringEquals"), {"right_bucket_of_this_account"}),
    "anybody may send": (put(f"{ALLOW}/Principal", "*"), {"lets_the_input_bucket_send"}),
    "a wrong event name": (
        put("InputBucket/NotificationConfiguration/QueueConfigurations/0/Event", "s3:ObjectCreated"),
        {"every_clip_that_is_created"},
    ),
    "a filter that loses clips": (
        put("InputBucket/NotificationConfiguration/QueueConfigurations/0/Filter", {}),
        {"every_clip_that_is_created"},
    ),
    "memory above the limit": (put("RecognitionLambdaFunction/MemorySize", 10_241), {"function_has_its_limits"}),
    "no code": (put("RecognitionLambdaFunction/Code", {}), {"function_is_the_pinned_image"}),
    "a timeout above the limit": (
        put("RecognitionLambdaFunction/Timeout", 901),
        {"function_has_its_limits", "four_fifths_of_the_timeout", "timeout_that_the_poller_is_told"},
    ),
    "no reserved concurrency": (
        put("RecognitionLambdaFunction/ReservedConcurrentExecutions", 0),
        {"function_has_its_limits"},
    ),
    "a name that the function is not told": (
        drop("RecognitionLambdaFunction/Environment/Variables/JOB_TABLE"),
        {"told_every_name_it_asks_for"},
    ),
    "no redrive": (drop("OutputQueue/RedrivePolicy"), {"redrives_into_a_dead_letter_queue[OutputQueue]"}),
    "a dead-letter queue that forgets first": (
        put("DeadLetterQueue/MessageRetentionPeriod", 864_000),
        {"redrives_into_a_dead_letter_queue[RequestQueue]"},
    ),
    "a queue without encryption": (
        put("OutputQueue/SqsManagedSseEnabled", False),
        {"queue_is_encrypted_with_a_key[OutputQueue]"},
    ),
    "a key that S3 cannot use": (
        put("RequestQueue/KmsMasterKeyId", "alias/aws/sqs"),
        {"queue_is_encrypted_with_a_key[RequestQueue]"},
    ),
    "a queue over plain HTTP": (drop("OutputQueuePolicy"), {"queue_is_reached_over_tls[OutputQueue]"}),
    "a bucket over plain HTTP": (drop("GalleryBucketPolicy"), {"bucket_is_reached_over_tls[GalleryBucket]"}),
    "a bucket's objects over plain HTTP": (
        drop("OutputBucketPolicy/PolicyDocument/Statement/0/Resource/1"),
        {"bucket_is_reached_over_tls[OutputBucket]"},
    ),
    "a public bucket": (
        put("OutputBucket/PublicAccessBlockConfiguration/BlockPublicPolicy", False),
        {"bucket_is_private_encrypted[OutputBucket]"},
    ),
    "a bucket without encryption": (drop("InputBucket/BucketEncryption"), {"bucket_is_private_encrypted[InputBucket]"}),
    "a bucket without versions": (
        drop("InputBucket/VersioningConfiguration"),
        {"bucket_is_private_encrypted[InputBucket]"},
    ),
    "clips from any page": (
        put("InputBucket/CorsConfiguration", {"CorsRules": [{"AllowedOrigins": ["*"], "AllowedMethods": ["PUT"]}]}),
        {"no_page_may_send", "consoles_origin_may_send"},
    ),
    "results for any page": (
        put("OutputBucket/CorsConfiguration", {"CorsRules": [{"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}]}),
        {"no_page_may_send", "consoles_origin_may_send"},
    ),
    "clips from no page": (
        put("InputBucket/CorsConfiguration", {"Ref": "AWS::NoValue"}),
        {"consoles_origin_may_send"},
    ),
    "clips kept for ever": (
        drop("InputBucket/LifecycleConfiguration/Rules/0/ExpirationInDays"),
        {"raw_clips_expire", "results_outlive_the_clips"},
    ),
    "results gone before their clips": (
        put("OutputBucket/LifecycleConfiguration/Rules/0/ExpirationInDays", 7),
        {"results_outlive_the_clips"},
    ),
    "erased templates kept": (
        put("GalleryBucket/LifecycleConfiguration/Rules/0/NoncurrentVersionExpiration/NoncurrentDays", 365),
        {"erased_templates_do_not_linger"},
    ),
    "a table without encryption": (drop("StudentTable/SSESpecification"), {"table_is_keyed[StudentTable-student_id]"}),
    "a table that cannot be recovered": (
        drop("JobTable/PointInTimeRecoverySpecification"),
        {"table_is_keyed[JobTable-job_id]"},
    ),
    "jobs remembered for ever": (drop("JobTable/TimeToLiveSpecification"), {"finished_jobs_are_forgotten"}),
    "an index of another name": (
        put("JobTable/GlobalSecondaryIndexes/0/IndexName", "by_course"),
        {"newest_jobs_are_found"},
    ),
    "times kept as texts": (
        put("JobTable/AttributeDefinitions/4/AttributeType", "S"),
        {"newest_jobs_are_found"},
    ),
    "an index with a copy of everything": (
        put("JobTable/GlobalSecondaryIndexes/1/Projection", {"ProjectionType": "ALL"}),
        {"newest_jobs_are_found"},
    ),
    "a log kept for ever": (drop("RecognitionLogGroup/RetentionInDays"), {"functions_log_is_kept_for_a_while"}),
    "any action": (put(f"{GRANT}/1/Action", "s3:*"), {ROLES_RIGHTS, "wildcard_for_an_action"}),
    "any resource": (put(f"{GRANT}/4/Resource", "*"), {ROLES_RIGHTS, "wildcard_for_an_action"}),
    "one action more": (put(f"{GRANT}/4/Action", ["dynamodb:BatchGetItem", "dynamodb:Scan"]), {ROLES_RIGHTS}),
    "a poller that deletes dead letters": (
        put(f"{POLL}/0/Resource/1", {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}),
        {"poller_may_consume", "poller_can_neither_read_nor_delete_dead_letters"},
    ),
    "a poller that reads clips": (put(f"{POLL}/2/Action", "s3:GetObject"), {"poller_may_consume"}),
    "an operator that takes requests": (
        put("OperatorRole/Policies/0/PolicyDocument/Statement/0/Resource/0", {"Fn::GetAtt": ["RequestQueue", "Arn"]}),
        {"operator_may_handle_dead_letters", "what_its_three_users_may"},
    ),
    "an instructor who sees whoever was erased": (
        put("InstructorRole/Policies/0/PolicyDocument/Statement/2/Resource", {"Fn::Sub": "${GalleryBucket.Arn}/*"}),
        {"instructor_may_look_back"},
    ),
    "an instructor who rewrites decisions": (
        drop("InstructorRole/Policies/1/PolicyDocument/Statement/0/Condition"),
        {"no_attribute_of_a_job_but_its_corrections"},
    ),
    "a privacy officer who deletes clips one by one": (
        put("PrivacyRole/Policies/1/PolicyDocument/Statement/4/Action", ["s3:GetObject", "s3:DeleteObject"]),
        {"privacy_officer_may_keep", "what_its_three_users_may"},
    ),
    "a console that cannot redrive": (drop("ConsoleRole/Policies/3"), {"what_its_three_users_may"}),
    "a role with more to say than IAM takes": (
        put("ConsoleRole/Policies/0/PolicyName", "p" * 10_000),
        {"as_short_as_iam_takes_them[ConsoleRole]"},
    ),
    "anybody's instructor": (
        put("InstructorRole/AssumeRolePolicyDocument/Statement/0/Principal", {"AWS": "*"}),
        {"nobody_outside_the_account"},
    ),
    "a right of the local stage's on every stage": (
        add("PollerBatchPolicy", "AWS::IAM::Policy", PolicyName="p", Roles=[{"Ref": "PollerRole"}]),
        {"only_the_local_aws_asks_for", "past_the_roles_own_policies"},
    ),
    "data that goes with the stack": (
        lambda template: template["Resources"]["StudentTable"].pop("DeletionPolicy"),
        {"main_stage_keeps_its_data"},
    ),
    "a stage's data that goes when it is replaced": (
        lambda template: template["Resources"]["OutputBucket"].pop("UpdateReplacePolicy"),
        {"main_stage_keeps_its_data"},
    ),
    "one name for all stages": (
        put("StudentTable/TableName", "pupils"),
        {"two_stages_share_no_name", "main_stage_has_the_plain_names"},
    ),
    "a name that a program types as well": (
        put("AlarmTopic/TopicName", "utf-8"),
        {"no_program_types_a_name", "two_stages_share_no_name"},
    ),
    "an output less": (lambda template: template["Outputs"].pop("JobTable"), {"outputs_are_complete"}),
    "a poller that gives up before the function does": (
        lambda template: template["Outputs"]["FunctionTimeout"].update(Value="901"),
        {
            "timeout_that_the_poller_is_told",
            "lease_and_bound_outlast",
            "hides_a_message_for_as_long",
            "long_poll_is_as_long",
        },
    ),
    "a local stage that runs something else": (
        put("RecognitionLambdaFunction/Handler", "another.handler"),
        {"local_stage_differs_in_its_packaging_only", "function_is_the_pinned_image"},
    ),
    "metrics of any namespace": (
        drop("PollerRole/Policies/0/PolicyDocument/Statement/3/Condition"),
        {"write_metrics_in_its_own_namespace"},
    ),
    "a foreign account's role": (
        put("OperatorRole/AssumeRolePolicyDocument/Statement/0/Principal", {"AWS": "*"}),
        {"nobody_outside_the_account"},
    ),
    "a managed policy": (
        put("PollerRole/ManagedPolicyArns", ["arn:aws:iam::aws:policy/AdministratorAccess"]),
        {"past_the_roles_own_policies"},
    ),
    "a policy beside the role": (
        add("Another", "AWS::IAM::Policy", PolicyName="p", Roles=[{"Ref": "PollerRole"}]),
        {"past_the_roles_own_policies"},
    ),
    "a function for everybody": (
        add("Open", "AWS::Lambda::Permission", Principal="*", Action="lambda:InvokeFunction"),
        {"past_the_roles_own_policies"},
    ),
    "one bucket more": (add("Scratch", "AWS::S3::Bucket"), {"escapes_the_checks"}),
    "one queue more": (add("Scratch", "AWS::SQS::Queue"), {"escapes_the_checks"}),
    "silence that alarms nobody": (
        put("SignOfLifeAlarm/TreatMissingData", "notBreaching"),
        {"no_tick_has_finished", "what_silence_means"},
    ),
    "silence that is not thought of": (drop("OldestResultAlarm/TreatMissingData"), {"what_silence_means"}),
    "an alarm that tells nobody": (put("FunctionErrorsAlarm/AlarmActions", []), {"every_alarm_tells_the_topic"}),
    "an alarm on another queue": (
        put("DeadLetterAlarm/Dimensions/0/Value", {"Fn::GetAtt": ["RequestQueue", "QueueName"]}),
        {"each_dead_letter_queue_has_an_alarm"},
    ),
    "a duration alarm that does not follow the timeout": (
        put("FunctionDurationAlarm/Threshold", 300_000),
        {"four_fifths_of_the_timeout"},
    ),
    "a queue that shows a message before the heartbeat": (
        put("RequestQueue/VisibilityTimeout", 30),
        {"hides_a_message_for_as_long[RequestQueue]"},
    ),
    "no long poll": (put("OutputQueue/ReceiveMessageWaitTimeSeconds", 0), {"long_poll_is_as_long"}),
    "a deployment bucket for everybody": (
        put("ServerlessDeploymentBucket/PublicAccessBlockConfiguration/BlockPublicAcls", False),
        {"frameworks_own_bucket"},
    ),
}


def checks(module: ModuleType) -> Iterator[tuple[str, Callable[[Template, Render], object]]]:
    """The module's tests that look at a rendered template and at nothing else, a call for each case."""
    for name, test in vars(module).items():
        wanted = inspect.signature(test).parameters.keys() if name.startswith("test_") else {"package"}
        if "package" in wanted:
            continue
        for case in _cases(test):
            label = f"[{'-'.join(map(str, case.values()))}]" if case else ""
            yield f"{name}{label}", _call(test, wanted, case)


def _call(test: Any, wanted: Any, case: dict[str, Any]) -> Callable[[Template, Render], object]:
    def call(template: Template, render: Render) -> object:
        fixtures = {"template": template, "resources": template["Resources"], "render": render}
        return test(**{name: (fixtures | case)[name] for name in wanted})

    return call


def _cases(test: Any) -> Iterator[dict[str, Any]]:
    tables = []
    for mark in getattr(test, "pytestmark", []):
        if mark.name == "parametrize":
            names, values = mark.args
            names = [names] if isinstance(names, str) else names
            tables.append([dict(zip(names, [v] if len(names) == 1 else v, strict=True)) for v in values])
    for combination in product(*tables):
        yield {name: value for part in combination for name, value in part.items()}


CHECKS = [*checks(test_template), *checks(test_promises)]


def failing(render: Render, change: Change | None = None) -> set[str]:
    """The checks that fail of what `render` renders, changed in every stage."""

    @cache
    def changed(stage: str, *parameters: str) -> Template:
        template = deepcopy(render(stage, *parameters))
        if change:
            change(template)
        return template

    return {name for name, check in CHECKS if _fails(check, changed("prod"), changed)}


def _fails(check: Callable[[Template, Render], object], template: Template, render: Render) -> bool:
    try:
        check(template, render)
    except (AssertionError, LookupError, ValueError, SettingsError):
        return True
    return False


def test_the_template_as_it_is_passes_every_check(render: Render) -> None:
    assert failing(render) == set()


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_broken_template_is_caught_by_the_check_that_is_there_for_it(mutation: str, render: Render) -> None:
    change, named = MUTATIONS[mutation]
    caught = failing(render, change)
    assert [words for words in named if not any(_names(words, check) for check in caught)] == []
    assert [check for check in caught if not any(_names(words, check) for words in named)] == []


def test_every_check_has_a_mutation_that_it_catches() -> None:
    named = {words.partition("[")[0] for _, checks_named in MUTATIONS.values() for words in checks_named}
    assert [name for name, _ in CHECKS if not any(words in name for words in named)] == []


def _names(words: str, check: str) -> bool:
    """Whether `words`, some of a test's name and perhaps the beginning of its case in brackets, name this check."""
    test, _, case = check.partition("[")
    some, _, beginning = words.rstrip("]").partition("[")
    return some in test and case.startswith(beginning)
