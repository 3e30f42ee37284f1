"""What the deployed stack must say. Neither cfn-lint nor a deploy onto an emulator notices when these are missing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from poller.settings_table import TABLE
from poller.sign_of_life import METRIC, NAMESPACE
from poller.state import FRESH_S
from recognition.aws.jobs import BY_SECTION, BY_TIME, LISTED

Resources = dict[str, Any]

OURS = ("InputBucket", "OutputBucket", "GalleryBucket")
DEAD = {"RequestQueue": "DeadLetterQueue", "OutputQueue": "OutputDeadLetterQueue"}
MACHINES = ("PollerRole", "OperatorRole")
PEOPLE = ("InstructorRole", "PrivacyRole", "ConsoleRole")
ROLES = ("FunctionRole", *MACHINES, *PEOPLE)
LAMBDA_MEMORY_MB = 10_240


def of_type(resources: Resources, kind: str) -> dict[str, Any]:
    return {name: item for name, item in resources.items() if item["Type"] == kind}


def arn(name: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, "Arn"]}


def statements(policy: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The statements, those behind the condition TlsOnly included."""
    for statement in policy["PolicyDocument"]["Statement"]:
        yield statement["Fn::If"][1] if "Fn::If" in statement else statement


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def role_statements(resources: Resources, role: str) -> dict[str, tuple[set[str], list[Any]]]:
    """What the role allows: statement's name -> its actions and resources."""
    found = [item for policy in resources[role]["Properties"]["Policies"] for item in statements(policy)]
    assert len({item["Sid"] for item in found}) == len(found)
    return {item["Sid"]: (set(as_list(item["Action"])), as_list(item["Resource"])) for item in found}


@pytest.mark.parametrize("stage", ["prod", "dev", "local"])
def test_cfn_lint_finds_nothing_in_the_rendered_template(stage: str, package: Callable[..., Path]) -> None:
    file = package(stage) / "cloudformation-template-update-stack.json"
    known = ["W3005"]  # osls itself writes DependsOn beside the reference to a role
    if stage == "local":
        known.append("W3037")  # resources/only_local.yml says why
    command = [Path(sys.executable).parent / "cfn-lint", "--ignore-checks", *known, "--", file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_clip_that_is_created_makes_a_request(resources: Resources) -> None:
    notification = resources["InputBucket"]["Properties"]["NotificationConfiguration"]
    assert notification == {"QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": arn("RequestQueue")}]}


def test_the_queue_lets_the_input_bucket_send_before_the_bucket_is_told_to(resources: Resources) -> None:
    assert "RequestQueuePolicy" in resources["InputBucket"]["DependsOn"]
    policy = resources["RequestQueuePolicy"]["Properties"]
    assert policy["Queues"] == [{"Ref": "RequestQueue"}]
    (allow,) = [item for item in statements(policy) if item["Effect"] == "Allow"]
    assert allow["Principal"] == {"Service": "s3.amazonaws.com"}
    assert allow["Action"] == "sqs:SendMessage"
    assert allow["Resource"] == arn("RequestQueue")


@pytest.mark.parametrize("stage", ["prod", "dev"])
def test_the_queue_takes_events_from_the_right_bucket_of_this_account_only(
    stage: str, render: Callable[..., dict[str, Any]]
) -> None:
    resources = render(stage)["Resources"]
    (allow,) = [i for i in statements(resources["RequestQueuePolicy"]["Properties"]) if i["Effect"] == "Allow"]
    bucket = resources["InputBucket"]["Properties"]["BucketName"]["Fn::Sub"]
    assert allow["Condition"] == {
        "ArnEquals": {"aws:SourceArn": {"Fn::Sub": f"arn:${{AWS::Partition}}:s3:::{bucket}"}},
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
    }


@pytest.mark.parametrize("name", OURS)
def test_a_bucket_is_private_encrypted_versioned_and_its_owners(name: str, resources: Resources) -> None:
    bucket = resources[name]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


@pytest.mark.parametrize("name", OURS)
def test_a_bucket_is_reached_over_tls_only(name: str, resources: Resources) -> None:
    policy = resources[f"{name}Policy"]["Properties"]
    assert policy["Bucket"] == {"Ref": name}
    (deny,) = statements(policy)
    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", "s3:*")
    assert deny["Resource"] == [arn(name), {"Fn::Sub": f"${{{name}.Arn}}/*"}]
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("name", [*DEAD, *DEAD.values()])
def test_a_queue_is_reached_over_tls_only(name: str, resources: Resources) -> None:
    denials = [item for item in statements(resources[f"{name}Policy"]["Properties"]) if item["Effect"] == "Deny"]
    assert [item["Condition"] for item in denials] == [{"Bool": {"aws:SecureTransport": "false"}}]
    assert denials[0]["Resource"] == arn(name)


@pytest.mark.parametrize(("stage", "required"), [("prod", "true"), ("dev", "true"), ("local", "false")])
def test_only_the_local_stage_does_without_tls(
    stage: str, required: str, package: Callable[..., Path], render: Callable[..., dict[str, Any]]
) -> None:
    state = json.loads((package(stage) / "serverless-state.json").read_text())
    handed = {item["ParameterKey"]: item["ParameterValue"] for item in state["service"]["provider"]["stackParameters"]}
    assert handed["RequireTls"] == required
    assert render(stage)["Conditions"]["TlsOnly"] == {"Fn::Equals": [{"Ref": "RequireTls"}, "true"]}


def test_raw_clips_expire_with_their_old_versions_and_unfinished_uploads(resources: Resources) -> None:
    (rule,) = resources["InputBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rule["Status"] == "Enabled"
    assert rule["ExpirationInDays"] > 0
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] > 0
    assert rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] > 0
    assert "Prefix" not in rule


def test_no_page_may_send_from_a_browser_until_a_stage_says_which(resources: Resources) -> None:
    for name in OURS:
        assert resources[name]["Properties"].get("CorsConfiguration", {"Ref": "AWS::NoValue"}) == {
            "Ref": "AWS::NoValue"
        }


def test_the_consoles_origin_may_send_clips_and_see_a_parts_etag_and_no_more(
    render: Callable[..., dict[str, Any]],
) -> None:
    origin = "https://console.school.example"
    resources = render("dev", f"consoleOrigin={origin}")["Resources"]
    (rule,) = resources["InputBucket"]["Properties"]["CorsConfiguration"]["CorsRules"]
    assert (rule["AllowedOrigins"], rule["AllowedMethods"]) == ([origin], ["PUT"])
    assert rule["ExposedHeaders"] == ["ETag"]
    assert [name for name in OURS[1:] if "CorsConfiguration" in resources[name]["Properties"]] == []
    local = render("local")["Resources"]["InputBucket"]["Properties"]["CorsConfiguration"]["CorsRules"][0]
    assert local["AllowedOrigins"] == ["http://127.0.0.1:*", "http://localhost:*"]


def test_erased_templates_do_not_linger_as_old_versions(resources: Resources) -> None:
    (rule,) = resources["GalleryBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] <= 30
    assert "ExpirationInDays" not in rule, "the gallery in use must never expire"


@pytest.mark.parametrize(("source", "dead"), DEAD.items())
def test_a_queue_redrives_into_a_dead_letter_queue_that_keeps_longer(
    source: str, dead: str, resources: Resources
) -> None:
    queue, grave = resources[source]["Properties"], resources[dead]["Properties"]
    assert queue["RedrivePolicy"] == {"deadLetterTargetArn": arn(dead), "maxReceiveCount": 5}
    assert grave["MessageRetentionPeriod"] > queue["MessageRetentionPeriod"]
    assert grave["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert "RedrivePolicy" not in grave


@pytest.mark.parametrize("name", [*DEAD, *DEAD.values()])
def test_a_queue_is_encrypted_with_a_key_that_s3_can_use(name: str, resources: Resources) -> None:
    queue = resources[name]["Properties"]
    assert queue["SqsManagedSseEnabled"] is True
    assert "KmsMasterKeyId" not in queue


@pytest.mark.parametrize(("name", "key"), [("StudentTable", "student_id"), ("JobTable", "job_id")])
def test_a_table_is_keyed_as_the_code_expects_encrypted_and_recoverable(
    name: str, key: str, resources: Resources
) -> None:
    table = resources[name]["Properties"]
    assert table["KeySchema"] == [{"AttributeName": key, "KeyType": "HASH"}]
    assert {"AttributeName": key, "AttributeType": "S"} in table["AttributeDefinitions"]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_a_sections_and_the_newest_jobs_are_found_by_the_indexes_that_the_code_names(resources: Resources) -> None:
    table = resources["JobTable"]["Properties"]
    by_section, by_time = table["GlobalSecondaryIndexes"]
    assert (by_section["IndexName"], by_time["IndexName"]) == (BY_SECTION, BY_TIME)
    assert [key["AttributeName"] for key in by_section["KeySchema"]] == ["section", "ordering"]
    assert [key["AttributeName"] for key in by_time["KeySchema"]] == ["listed_under", "at"]
    assert by_time["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(LISTED)}
    defined = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
    assert defined == {"job_id": "S", "section": "S", "ordering": "S", "listed_under": "S", "at": "N"}


def test_finished_jobs_are_forgotten_in_time(resources: Resources) -> None:
    ttl = resources["JobTable"]["Properties"]["TimeToLiveSpecification"]
    assert ttl == {"AttributeName": "expires", "Enabled": True}


def test_the_function_is_the_pinned_image_on_arm64_with_the_images_own_entry_point(
    render: Callable[..., dict[str, Any]],
) -> None:
    digest = f"sha256:{'a' * 64}"
    parameters = ("account=123456789012", "region=eu-west-1", f"imageDigest={digest}")
    function = render("prod", *parameters)["Resources"]["RecognitionLambdaFunction"]["Properties"]
    assert function["PackageType"] == "Image"
    assert function["Code"] == {"ImageUri": f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/smart-classroom@{digest}"}
    assert function["Architectures"] == ["arm64"]
    assert not {"ImageConfig", "Handler", "Runtime"} & function.keys()


def test_the_function_has_its_limits(resources: Resources) -> None:
    function = resources["RecognitionLambdaFunction"]["Properties"]
    assert 1769 <= function["MemorySize"] <= LAMBDA_MEMORY_MB
    assert 0 < function["Timeout"] <= 900
    assert function["ReservedConcurrentExecutions"] > 0


def test_the_function_is_told_every_name_it_asks_for(resources: Resources) -> None:
    from recognition.settings import REQUIRED

    variables = resources["RecognitionLambdaFunction"]["Properties"]["Environment"]["Variables"]
    assert set(REQUIRED) <= variables.keys()
    assert variables["OPENBLAS_NUM_THREADS"] == "1"


def test_the_functions_log_is_kept_for_a_while_only(resources: Resources) -> None:
    (group,) = of_type(resources, "AWS::Logs::LogGroup").values()
    assert group["Properties"] == {"LogGroupName": "/aws/lambda/smart-classroom", "RetentionInDays": 30}


def test_the_function_may_do_what_its_code_does_and_no_more(resources: Resources) -> None:
    allowed = role_statements(resources, "FunctionRole")
    assert allowed == {
        "TellMissingFromForbidden": ({"s3:ListBucket"}, [arn(name) for name in OURS]),
        "ReadClips": ({"s3:GetObject", "s3:GetObjectVersion"}, [{"Fn::Sub": "${InputBucket.Arn}/*"}]),
        "WriteResults": ({"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}, [{"Fn::Sub": "${OutputBucket.Arn}/*"}]),
        "ReadGallery": ({"s3:GetObject"}, [{"Fn::Sub": "${GalleryBucket.Arn}/*"}]),
        "LookStudentsUp": ({"dynamodb:BatchGetItem"}, [arn("StudentTable")]),
        "LockAndRecordJobs": ({"dynamodb:GetItem", "dynamodb:UpdateItem"}, [arn("JobTable")]),
        "SendResults": ({"sqs:SendMessage"}, [arn("OutputQueue")]),
        "WriteItsOwnLog": ({"logs:CreateLogStream", "logs:PutLogEvents"}, [arn("RecognitionLogGroup")]),
    }


def test_the_poller_may_consume_set_aside_and_invoke_and_no_more(resources: Resources) -> None:
    consume = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"}
    assert role_statements(resources, "PollerRole") == {
        "ConsumeQueues": (consume, [arn("RequestQueue"), arn("OutputQueue")]),
        "SetAsideWithAReason": ({"sqs:SendMessage"}, [arn("DeadLetterQueue"), arn("OutputDeadLetterQueue")]),
        "AskForRecognition": ({"lambda:InvokeFunction"}, [arn("RecognitionLambdaFunction")]),
        "GiveSignsOfLife": ({"cloudwatch:PutMetricData"}, ["*"]),
        "SeeDepths": ({"sqs:GetQueueAttributes"}, [arn(name) for name in (*DEAD, *DEAD.values())]),
    }


def test_the_poller_can_neither_read_nor_delete_dead_letters_whatever_else_it_may(resources: Resources) -> None:
    for actions, where in role_statements(resources, "PollerRole").values():
        if {str(arn(name)) for name in DEAD.values()} & set(map(str, where)):
            assert actions <= {"sqs:SendMessage", "sqs:GetQueueAttributes"}


def test_the_operator_may_handle_dead_letters_and_send_them_back_and_no_more(resources: Resources) -> None:
    handle = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"}
    assert role_statements(resources, "OperatorRole") == {
        "HandleDeadLetters": (handle, [arn(name) for name in DEAD.values()]),
        "Redrive": ({"sqs:SendMessage"}, [arn(name) for name in DEAD]),
        "SeeDepths": ({"sqs:GetQueueAttributes"}, [arn(name) for name in (*DEAD, *DEAD.values())]),
        "SeeWhetherTheFunctionIsThere": ({"lambda:InvokeFunction"}, [arn("RecognitionLambdaFunction")]),
    }


def objects(bucket: str, prefix: str = "") -> dict[str, str]:
    return {"Fn::Sub": f"${{{bucket}.Arn}}/{prefix}*"}


LOOK_BACK = {
    "FindDecisions": ({"dynamodb:Query"}, [{"Fn::Sub": f"${{JobTable.Arn}}/index/{BY_SECTION}"}]),
    "ReadRosters": ({"dynamodb:BatchGetItem", "dynamodb:Scan"}, [arn("StudentTable")]),
    "SeeWhoIsEnrolled": ({"s3:GetObject"}, [objects("GalleryBucket", "gallery/")]),
    "ReadResults": ({"s3:GetObject"}, [objects("OutputBucket")]),
    "TellExpiredResultsFromForbidden": ({"s3:ListBucket"}, [arn("OutputBucket")]),
}


def test_an_instructor_may_look_back_correct_and_upload_and_no_more(resources: Resources) -> None:
    assert role_statements(resources, "InstructorRole") == {
        **LOOK_BACK,
        "CorrectAndNothingElse": ({"dynamodb:UpdateItem"}, [arn("JobTable")]),
        "UploadClips": (
            {"s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"},
            [objects("InputBucket")],
        ),
        "SeeWhichClipsAreThere": ({"s3:ListBucket"}, [arn("InputBucket")]),
    }


def test_an_instructor_may_write_no_attribute_of_a_job_but_its_corrections(resources: Resources) -> None:
    policies = resources["InstructorRole"]["Properties"]["Policies"]
    (allow,) = [i for each in policies for i in statements(each) if i["Action"] == "dynamodb:UpdateItem"]
    read = {"job_id", "state", "ordering"}  # the key, and what the condition of the write asks for
    assert allow["Condition"].keys() == {"ForAllValues:StringEquals"}
    assert set(allow["Condition"]["ForAllValues:StringEquals"]["dynamodb:Attributes"]) == {"corrections", *read}


def test_a_privacy_officer_may_keep_the_register_publish_and_erase_and_no_more(resources: Resources) -> None:
    write = {f"dynamodb:{each}Item" for each in ("BatchWrite", "Put", "Update", "Delete")}
    read, erase = {"s3:GetObject", "s3:GetObjectVersion"}, {"s3:DeleteObjectVersion"}
    handle = {f"sqs:{each}" for each in ("ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "SendMessage")}
    assert role_statements(resources, "PrivacyRole") == {
        **LOOK_BACK,
        "KeepTheRegister": (write, [arn("StudentTable")]),
        "PublishTemplatesAndPurgeThem": (
            {*read, *erase, "s3:PutObject", "s3:DeleteObject"},
            [objects("GalleryBucket")],
        ),
        "SeeWhoWasErased": ({"s3:ListBucket"}, [arn("GalleryBucket")]),
        "EraseFromResults": ({"s3:GetObjectVersion", "s3:PutObject", *erase}, [objects("OutputBucket")]),
        "CutFacesOutAndEraseClips": ({*read, *erase}, [objects("InputBucket")]),
        "TellDeletedClipsFromForbidden": ({"s3:ListBucket"}, [arn("InputBucket")]),
        "SeeWhatIsKeptAndHowLong": (
            {"s3:ListBucketVersions", "s3:GetLifecycleConfiguration"},
            [arn(name) for name in OURS],
        ),
        "EraseFromDecisions": (
            {"dynamodb:Scan", "dynamodb:UpdateItem", "dynamodb:DescribeTimeToLive"},
            [arn("JobTable")],
        ),
        "EraseFromResultsUnderWay": (handle, [arn("OutputQueue"), arn("OutputDeadLetterQueue")]),
    }


def test_the_console_may_do_what_its_three_users_may_together_and_list_the_newest(resources: Resources) -> None:
    theirs = [role_statements(resources, role) for role in ("InstructorRole", "PrivacyRole", "OperatorRole")]
    assert role_statements(resources, "ConsoleRole") == {
        **(theirs[0] | theirs[1] | theirs[2]),
        "ListTheNewest": ({"dynamodb:Query"}, [{"Fn::Sub": f"${{JobTable.Arn}}/index/{BY_TIME}"}]),
        "ReadWhatIsListed": ({"dynamodb:GetItem", "dynamodb:BatchGetItem"}, [arn("JobTable")]),
    }


@pytest.mark.parametrize("role", ROLES)
def test_a_roles_policies_are_as_short_as_iam_takes_them(role: str, resources: Resources) -> None:
    text = json.dumps(resources[role]["Properties"]["Policies"], separators=(",", ":"))
    references = text.count('{"Fn::')
    assert len(text) + 60 * references < 10_240, (
        "a reference becomes an ARN of a hundred characters, itself up to forty"
    )


def test_the_poller_may_write_metrics_in_its_own_namespace_only(resources: Resources) -> None:
    (policy,) = resources["PollerRole"]["Properties"]["Policies"]
    (allow,) = [i for i in policy["PolicyDocument"]["Statement"] if i["Action"] == "cloudwatch:PutMetricData"]
    assert allow["Condition"] == {"StringEquals": {"cloudwatch:namespace": NAMESPACE}}


def test_an_alarm_is_raised_when_no_tick_has_finished_for_longer_than_a_tick_may_last(resources: Resources) -> None:
    alarm = resources["SignOfLifeAlarm"]["Properties"]
    (bound,) = [int(str(row.default)) for row in TABLE if row.field == "bound_s"]
    assert (alarm["Namespace"], alarm["MetricName"]) == (NAMESPACE, METRIC)
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "RecognitionLambdaFunction"}}]
    assert (alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]) == ("Sum", "LessThanThreshold", 1)
    assert alarm["Period"] * alarm["EvaluationPeriods"] == FRESH_S > bound
    assert alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]) == alarm["EvaluationPeriods"]
    assert alarm["TreatMissingData"] == "breaching"
    assert "python -m poller.status" in alarm["AlarmDescription"]


def test_what_only_the_local_aws_asks_for_reaches_no_other_stage(render: Callable[..., dict[str, Any]]) -> None:
    only = {"PollerBatchPolicy", "OperatorBatchPolicy", "PrivacyPurgePolicy"}
    have = {stage: only & render(stage)["Resources"].keys() for stage in ("prod", "dev", "local")}
    assert have == {"prod": set(), "dev": set(), "local": only}


def test_no_role_has_a_wildcard_for_an_action_or_a_resource(resources: Resources) -> None:
    roles = of_type(resources, "AWS::IAM::Role")
    assert roles.keys() == set(ROLES)
    for name in roles:
        for sid, (actions, where) in role_statements(resources, name).items():
            assert not [action for action in actions if "*" in action]
            assert "*" not in where or sid == "GiveSignsOfLife", "only metrics have no ARN"


def test_nobody_outside_the_account_may_assume_a_role(resources: Resources) -> None:
    (function,) = resources["FunctionRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    own = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    assert function["Principal"] == {"Service": "lambda.amazonaws.com"}
    for name in (*MACHINES, *PEOPLE):
        (trusted,) = resources[name]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        named = {"Fn::If": ["PollerNamed", {"Ref": "PollerPrincipal"}, own]} if name in MACHINES else own
        assert trusted["Principal"] == {"AWS": named}


@pytest.mark.parametrize("stage", ["prod", "dev", "local"])
def test_the_duration_alarm_is_at_four_fifths_of_the_timeout(stage: str, render: Callable[..., dict[str, Any]]) -> None:
    resources = render(stage)["Resources"]
    timeout_s = resources["RecognitionLambdaFunction"]["Properties"]["Timeout"]
    assert resources["FunctionDurationAlarm"]["Properties"]["Threshold"] == 800 * timeout_s


def test_every_alarm_tells_the_topic_and_watches_something_of_this_stack(resources: Resources) -> None:
    alarms = of_type(resources, "AWS::CloudWatch::Alarm")
    watched = {(item["Properties"]["Namespace"], item["Properties"]["MetricName"]) for item in alarms.values()}
    assert watched == {
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage"),
        ("AWS/Lambda", "Errors"),
        ("AWS/Lambda", "Throttles"),
        ("AWS/Lambda", "Duration"),
        (NAMESPACE, METRIC),
    }
    for alarm in alarms.values():
        assert alarm["Properties"]["AlarmActions"] == [{"Ref": "AlarmTopic"}]
        (dimension,) = alarm["Properties"]["Dimensions"]
        assert isinstance(dimension["Value"], dict), "a reference, not a name that may drift"


def test_the_main_stage_keeps_its_data_when_the_stack_goes(render: Callable[..., dict[str, Any]]) -> None:
    kept = {
        stage: {
            name
            for name, item in render(stage)["Resources"].items()
            if (item.get("DeletionPolicy"), item.get("UpdateReplacePolicy")) == ("RetainExceptOnCreate", "Retain")
        }
        for stage in ("prod", "dev", "local")
    }
    holders = {*OURS, "StudentTable", "JobTable", "OutputQueue", "DeadLetterQueue", "OutputDeadLetterQueue"}
    assert kept == {"prod": holders, "dev": set(), "local": set()}


def test_two_stages_share_no_name(render: Callable[..., dict[str, Any]]) -> None:
    named = ("BucketName", "QueueName", "TableName", "RoleName", "TopicName", "AlarmName", "FunctionName")

    def names(stage: str) -> set[str]:
        properties = [item.get("Properties", {}) for item in render(stage)["Resources"].values()]
        return {
            json.dumps(item[name]) for item in properties for name in named if isinstance(item.get(name), str | dict)
        }

    own = {name for name in names("prod") if "Ref" not in name}
    assert own
    assert not own & names("dev")


def test_the_main_stage_has_the_plain_names(resources: Resources) -> None:
    assert resources["RecognitionLambdaFunction"]["Properties"]["FunctionName"] == "smart-classroom"
    assert resources["StudentTable"]["Properties"]["TableName"] == "student_table"
    assert resources["JobTable"]["Properties"]["TableName"] == "job_table"


def test_the_outputs_are_complete(template: dict[str, Any]) -> None:
    expected = (
        "Region InputBucket OutputBucket GalleryBucket StudentTable JobTable RequestQueueUrl OutputQueueUrl "
        "DeadLetterQueueUrl OutputDeadLetterQueueUrl FunctionName FunctionTimeout PollerRoleArn OperatorRoleArn "
        "InstructorRoleArn PrivacyRoleArn ConsoleRoleArn"
    )
    assert set(expected.split()) <= template["Outputs"].keys()


def test_the_timeout_that_the_poller_is_told_is_the_functions(template: dict[str, Any]) -> None:
    timeout_s = template["Resources"]["RecognitionLambdaFunction"]["Properties"]["Timeout"]
    assert template["Outputs"]["FunctionTimeout"]["Value"] == timeout_s


def test_the_local_stage_differs_in_its_packaging_only(render: Callable[..., dict[str, Any]]) -> None:
    local, dev = (render(stage)["Resources"]["RecognitionLambdaFunction"]["Properties"] for stage in ("local", "dev"))
    assert local["Handler"] == "handler.face_recognition_handler"
    assert local["Runtime"] == "provided.al2023"
    same = ("MemorySize", "Timeout", "Environment", "Role", "LoggingConfig")
    assert {key: local[key] for key in same} == {key: dev[key] for key in same}
