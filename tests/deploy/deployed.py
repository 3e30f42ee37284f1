"""A deployed stack as its template says it must be, and as the services say it is: for the two to be compared.

Both sides speak CloudFormation's words: logical id -> property -> value. The surprising rule: what a service adds by
itself is left out, so that a property counts only where the template names it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.deploy.account import Account

Properties = dict[str, Any]
NOTHING = object()  # AWS::NoValue


def stack_name(stage: str) -> str:
    return "smart-classroom" if stage == "prod" else f"smart-classroom-{stage}"


@dataclass(frozen=True)
class Deployed:
    """What there is of one stage at one moment. `made` are the stamps that would change if a thing were replaced."""

    status: str
    outputs: dict[str, str]
    template: dict[str, Any]
    physical: dict[str, str]
    wanted: dict[str, Properties]
    found: dict[str, Properties]
    made: dict[str, str]

    def of_type(self, kind: str) -> list[str]:
        """Logical ids of what was deployed of that type."""
        return [name for name in self.physical if self.template["Resources"][name]["Type"] == kind]


def physical_ids(account: Account, stage: str) -> dict[str, str]:
    """Logical id -> physical id of what the stage has."""
    listed = account.client("cloudformation").describe_stack_resources(StackName=stack_name(stage))["StackResources"]
    return {item["LogicalResourceId"]: item["PhysicalResourceId"] for item in listed}


def look_at(account: Account, stage: str) -> Deployed:
    """Read the whole stage. Raises `KeyError` for a type of resource that nobody has taught this module to read."""
    formation, name = account.client("cloudformation"), stack_name(stage)
    (stack,) = formation.describe_stacks(StackName=name)["Stacks"]
    template = formation.get_template(StackName=name)["TemplateBody"]
    template = json.loads(template) if isinstance(template, str) else template
    physical = physical_ids(account, stage)
    given = {item["ParameterKey"]: item["ParameterValue"] for item in stack.get("Parameters", [])}
    meaning = Meaning(template, physical, given)
    wanted = meaning.resources()
    read = {
        key: READERS[template["Resources"][key]["Type"]](account.client, where, wanted[key])
        for key, where in physical.items()
    }
    return Deployed(
        status=stack["StackStatus"],
        outputs={item["OutputKey"]: item["OutputValue"] for item in stack["Outputs"]},
        template=template,
        physical=physical,
        wanted=wanted,
        found={key: properties for key, (properties, _) in read.items()},
        made={key: stamp for key, (_, stamp) in read.items()},
    )


def inventory(account: Account) -> set[str]:
    """All that is in the account, of the kinds that a stage has."""
    functions, logs, iam = account.client("lambda"), account.client("logs"), account.client("iam")
    sns, alarms = account.client("sns"), account.client("cloudwatch")
    return {
        *(f"bucket {item['Name']}" for item in account.client("s3").list_buckets()["Buckets"]),
        *(f"queue {url.rsplit('/', 1)[-1]}" for url in account.client("sqs").list_queues().get("QueueUrls", [])),
        *(f"table {name}" for name in account.client("dynamodb").list_tables()["TableNames"]),
        *(f"function {item['FunctionName']}" for item in functions.list_functions()["Functions"]),
        *(f"log {item['logGroupName']}" for item in logs.describe_log_groups()["logGroups"]),
        *(f"role {item['RoleName']}" for item in iam.list_roles()["Roles"]),
        *(f"topic {item['TopicArn']}" for item in sns.list_topics()["Topics"]),
        *(f"subscription {item['TopicArn']}" for item in sns.list_subscriptions()["Subscriptions"]),
        *(f"alarm {item['AlarmName']}" for item in alarms.describe_alarms()["MetricAlarms"]),
        *(f"dashboard {item['DashboardName']}" for item in alarms.list_dashboards()["DashboardEntries"]),
    }


@dataclass(frozen=True)
class Meaning:
    """What a template's references and conditions come to. `given` are the stack's parameters."""

    template: Mapping[str, Any]
    physical: Mapping[str, str]
    given: Mapping[str, str]
    region: str = "us-east-1"
    account: str = "000000000000"

    def resources(self) -> dict[str, Properties]:
        """Logical id -> properties, of the resources whose condition holds."""
        return {
            name: self.of(item.get("Properties", {}))
            for name, item in self.template["Resources"].items()
            if "Condition" not in item or self.holds(item["Condition"])
        }

    def holds(self, condition: str) -> bool:
        return bool(self.of(self.template["Conditions"][condition]))

    def of(self, value: Any) -> Any:
        if isinstance(value, list):
            return [meant for item in value if (meant := self.of(item)) is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1 and (name := next(iter(value))) in self._functions():
            return self._functions()[name](value[name])
        return {key: meant for key, item in value.items() if (meant := self.of(item)) is not NOTHING}

    def _functions(self) -> dict[str, Callable[[Any], Any]]:
        return {
            "Ref": self._ref,
            "Fn::GetAtt": lambda path: self._attribute(*path),
            "Fn::Sub": lambda text: re.sub(r"\$\{([^}]+)\}", lambda found: str(self._named(found[1])), text),
            "Fn::If": lambda parts: self.of(parts[1] if self.holds(parts[0]) else parts[2]),
            "Fn::Equals": lambda pair: self.of(pair[0]) == self.of(pair[1]),
            "Fn::Not": lambda only: not self.of(only[0]),
            "Fn::Join": lambda parts: str(parts[0]).join(map(str, self.of(parts[1]))),
        }

    def _named(self, name: str) -> Any:
        return self._attribute(*name.split(".")) if "." in name else self._ref(name)

    def _ref(self, name: str) -> Any:
        pseudo = {
            "AWS::Region": self.region,
            "AWS::AccountId": self.account,
            "AWS::Partition": "aws",
            "AWS::NoValue": NOTHING,
        }
        if name in pseudo:
            return pseudo[name]
        if name in self.template["Parameters"]:
            return self.given.get(name, self.template["Parameters"][name].get("Default"))
        return self.physical[name]

    def _attribute(self, name: str, attribute: str) -> str:
        place, last = self.physical[name], self.physical[name].rsplit("/", 1)[-1]
        if attribute == "QueueName":
            return last
        assert attribute == "Arn", f"{name}.{attribute}: teach me"
        where = f"{self.region}:{self.account}"
        arns = {
            "AWS::S3::Bucket": f"arn:aws:s3:::{place}",
            "AWS::SQS::Queue": f"arn:aws:sqs:{where}:{last}",
            "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{where}:table/{place}",
            "AWS::IAM::Role": f"arn:aws:iam::{self.account}:role/{place}",
            "AWS::Lambda::Function": f"arn:aws:lambda:{where}:function:{place}",
            "AWS::Logs::LogGroup": f"arn:aws:logs:{where}:log-group:{place}:*",
        }
        return arns[self.template["Resources"][name]["Type"]]


Client = Callable[[str], Any]
Read = Callable[[Client, str, Properties], tuple[Properties, str]]


def _bucket(client: Client, name: str, wanted: Properties) -> tuple[Properties, str]:
    s3 = client("s3")
    (made,) = [item["CreationDate"] for item in s3.list_buckets()["Buckets"] if item["Name"] == name]
    queues = s3.get_bucket_notification_configuration(Bucket=name).get("QueueConfigurations", [])
    rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    told = [{"Event": event, "Queue": item["QueueArn"]} for item in queues for event in item["Events"]]
    found: Properties = {
        "BucketName": name,
        "VersioningConfiguration": _said(s3.get_bucket_versioning(Bucket=name)),
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {"ServerSideEncryptionByDefault": rule["ApplyServerSideEncryptionByDefault"]} for rule in rules
            ]
        },
        "PublicAccessBlockConfiguration": s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"],
        "NotificationConfiguration": {"QueueConfigurations": told},
        "OwnershipControls": _or_none(s3, "OwnershipControls", "get_bucket_ownership_controls", name),
        "LifecycleConfiguration": _or_none(s3, "Rules", "get_bucket_lifecycle_configuration", name),
    }
    return found, str(made)


def _or_none(s3: Any, key: str, operation: str, bucket: str) -> Any:
    """What the bucket has of it, None if nothing."""
    try:
        return getattr(s3, operation)(Bucket=bucket)[key]
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchLifecycleConfiguration", "OwnershipControlsNotFoundError"):
            return None
        raise


def _bucket_policy(client: Client, name: str, wanted: Properties) -> tuple[Properties, str]:
    bucket = name.removesuffix("-policy")
    return {"Bucket": bucket, "PolicyDocument": json.loads(client("s3").get_bucket_policy(Bucket=bucket)["Policy"])}, ""


def _queue(client: Client, url: str, wanted: Properties) -> tuple[Properties, str]:
    told = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    made = told.pop("CreatedTimestamp")
    found: Properties = {key: int(value) if value.isdigit() else value for key, value in told.items()}
    found["QueueName"] = url.rsplit("/", 1)[-1]
    found["SqsManagedSseEnabled"] = told.get("SqsManagedSseEnabled") == "true"
    if "RedrivePolicy" in told:
        found["RedrivePolicy"] = json.loads(told["RedrivePolicy"])
    return found, made


def _table(client: Client, name: str, wanted: Properties) -> tuple[Properties, str]:
    dynamodb = client("dynamodb")
    table = dynamodb.describe_table(TableName=name)["Table"]
    expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recoverable = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    expires = {"AttributeName": expiry["AttributeName"], "Enabled": True} if "AttributeName" in expiry else None
    indexes = [
        {part: index[part] for part in ("IndexName", "KeySchema", "Projection")}
        for index in table.get("GlobalSecondaryIndexes", [])
    ]
    found = {
        **{key: table[key] for key in ("TableName", "AttributeDefinitions", "KeySchema")},
        **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
        "BillingMode": table["BillingModeSummary"]["BillingMode"],
        "TimeToLiveSpecification": expires,
        "SSESpecification": {"SSEEnabled": table.get("SSEDescription", {}).get("Status") == "ENABLED"},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": recoverable},
    }
    return found, f"{table['TableId']} {table['CreationDateTime']}"


def _role(client: Client, name: str, wanted: Properties) -> tuple[Properties, str]:
    iam = client("iam")
    role = iam.get_role(RoleName=name)["Role"]
    policies = [
        {"PolicyName": each, "PolicyDocument": iam.get_role_policy(RoleName=name, PolicyName=each)["PolicyDocument"]}
        for each in iam.list_role_policies(RoleName=name)["PolicyNames"]
    ]
    found = {key: role[key] for key in ("RoleName", "AssumeRolePolicyDocument")}
    return {**found, "Policies": policies}, f"{role['RoleId']} {role['CreateDate']}"


def _function(client: Client, name: str, wanted: Properties) -> tuple[Properties, str]:
    functions = client("lambda")
    function = functions.get_function(FunctionName=name)
    reserved = functions.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
    tags = [{"Key": key, "Value": value} for key, value in function["Tags"].items() if key in ("service", "stage")]
    found = {
        **function["Configuration"],
        "Code": {"ImageUri": function["Code"]["ImageUri"]},
        "ReservedConcurrentExecutions": reserved,
        "Tags": tags,
    }
    return found, ""


def _log_group(client: Client, name: str, wanted: Properties) -> tuple[Properties, str]:
    groups = client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    (group,) = [item for item in groups if item["logGroupName"] == name]
    return {"LogGroupName": name, "RetentionInDays": group.get("retentionInDays")}, str(group["creationTime"])


def _topic(client: Client, arn: str, wanted: Properties) -> tuple[Properties, str]:
    assert client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]["TopicArn"] == arn
    return {"TopicName": arn.rsplit(":", 1)[-1]}, ""


def _subscription(client: Client, arn: str, wanted: Properties) -> tuple[Properties, str]:
    subscriptions = client("sns").list_subscriptions()["Subscriptions"]
    (found,) = [item for item in subscriptions if item["SubscriptionArn"] == arn] or subscriptions
    return {key: found[key] for key in ("TopicArn", "Protocol", "Endpoint")}, ""


def _alarm(client: Client, name: str, wanted: Properties) -> tuple[Properties, str]:
    (alarm,) = client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return dict(alarm), ""


def _dashboard(client: Client, name: str, wanted: Properties) -> tuple[Properties, str]:
    board = client("cloudwatch").get_dashboard(DashboardName=name)
    return {"DashboardName": name, "DashboardBody": board["DashboardBody"]}, ""


def _queue_policy(client: Client, name: str, wanted: Properties) -> tuple[Properties, str]:
    """It is no thing of its own but an attribute of its queue, which only the template names."""
    (queue,) = wanted["Queues"]
    told = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])["Attributes"]
    return {"Queues": [queue], "PolicyDocument": json.loads(told["Policy"])}, ""


def _said(answer: Properties) -> Properties:
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


READERS: dict[str, Read] = {
    "AWS::S3::Bucket": _bucket,
    "AWS::S3::BucketPolicy": _bucket_policy,
    "AWS::SQS::Queue": _queue,
    "AWS::SQS::QueuePolicy": _queue_policy,
    "AWS::DynamoDB::Table": _table,
    "AWS::IAM::Role": _role,
    "AWS::Lambda::Function": _function,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::SNS::Topic": _topic,
    "AWS::SNS::Subscription": _subscription,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::Dashboard": _dashboard,
}
