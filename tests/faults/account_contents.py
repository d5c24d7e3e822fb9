"""An account → a line for each thing that stands in it, whoever's it is: what nobody wants would show as one more."""

from __future__ import annotations

import json
from typing import Any

from scrapectl.engine.ownership import APPLIED
from tests.account import Account


def standing(account: Account) -> list[str]:
    """Everything that stands, with its tags, in words that two accounts share when they hold the same.

    Ids that AWS chooses are left out; a thing that stands twice makes two lines.
    """
    found = [*_storage(account), *_access(account), *_batch(account), *_schedules(account), *_tags(account)]
    return sorted(found)


def _storage(account: Account) -> list[str]:
    repositories = account.client("ecr").describe_repositories()["repositories"]
    names = [repository["repositoryName"] for repository in repositories]
    images = {name: account.client("ecr").describe_images(repositoryName=name)["imageDetails"] for name in names}
    return [
        *(f"bucket {bucket['Name']}" for bucket in account.client("s3").list_buckets()["Buckets"]),
        *(f"message queue {url}" for url in account.client("sqs").list_queues().get("QueueUrls", [])),
        *(f"log group {group['logGroupName']}" for group in account.client("logs").describe_log_groups()["logGroups"]),
        *(f"repository {name}" for name in names),
        *(f"image {name} {image.get('imageTags')}" for name, found in images.items() for image in found),
        *(f"secret {secret['Name']}" for secret in account.client("secretsmanager").list_secrets()["SecretList"]),
        *(f"parameter {found['Name']}" for found in account.client("ssm").describe_parameters()["Parameters"]),
    ]


def _access(account: Account) -> list[str]:
    iam = account.client("iam")
    lines = []
    for role in iam.list_roles()["Roles"]:
        policies = iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
        tags = iam.list_role_tags(RoleName=role["RoleName"])["Tags"]
        lines.append(f"role {role['Arn']} {policies} {_text(tags)}")
    groups = account.client("ec2").describe_security_groups()["SecurityGroups"]
    lines += [f"security group {g['GroupName']} {_text(g.get('Tags'))}" for g in groups if g["GroupName"] != "default"]
    return lines


def _batch(account: Account) -> list[str]:
    batch = account.client("batch")
    definitions = batch.describe_job_definitions(status="ACTIVE")["jobDefinitions"]
    environments = batch.describe_compute_environments()["computeEnvironments"]
    return [
        *(f"job definition {found['jobDefinitionArn']}" for found in definitions),
        *(f"environment {found['computeEnvironmentArn']} {found['status']}" for found in environments),
        *(f"job queue {found['jobQueueArn']}" for found in batch.describe_job_queues()["jobQueues"]),
        *(f"policy {found['arn']}" for found in batch.list_scheduling_policies()["schedulingPolicies"]),
    ]


def _schedules(account: Account) -> list[str]:
    scheduler = account.client("scheduler")
    return [
        *(f"schedule group {group['Name']}" for group in scheduler.list_schedule_groups()["ScheduleGroups"]),
        *(f"schedule {found['GroupName']}/{found['Name']}" for found in scheduler.list_schedules()["Schedules"]),
    ]


def _tags(account: Account) -> list[str]:
    """What the tagging API knows: things without tags are no part of it, which the other lines would show."""
    found = account.client("resourcegroupstaggingapi").get_resources()["ResourceTagMappingList"]
    return [f"tags {_text(entry['Tags'])}" for entry in found]


def _text(tags: Any) -> str:
    """Tags as text; the digits of what was applied are left out, for they hang on ids that AWS chooses."""
    shown = {tag["Key"]: "" if tag["Key"] == APPLIED else tag["Value"] for tag in tags or ()}
    return json.dumps(shown, sort_keys=True)
