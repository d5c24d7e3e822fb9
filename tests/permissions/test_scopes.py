"""How narrow the policies are: no more than this instance's things, and a neighbour's are out of reach."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scrapectl.aws.errors import translate
from scrapectl.aws.iam import actions_for, resource_star_needed
from scrapectl.aws.iam_policies import allows
from scrapectl.aws.iam_resources import is_action, level_of, types_of
from scrapectl.errors import AccessDenied
from scrapectl.kinds import KINDS
from scrapectl.pipeline.policy_documents import LIMIT, size
from tests.account import Account
from tests.permissions.everything import POLICIES, TEXT, everything
from tests.permissions.life import HEAD, Life, policies_for
from tests.permissions.scenes import ROWS, TAGS

ARN = re.compile(r"arn:aws:[a-z0-9-]+:(us-east-1)?:(123456789012)?:\S+")
ALL = [(purpose, statement) for purpose, each in POLICIES.items() for one in each for statement in one["Statement"]]
INTERFACES = {
    *("ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface"),
    "ec2:ModifyNetworkInterfaceAttribute",
}
"""What EFS and DataSync do in the network in the caller's name: their interfaces carry no tags of ours."""
NOT_NARROWED = {
    *(*INTERFACES, "batch:TerminateJob", "datasync:CancelTaskExecution", "ec2:CreateSecurityGroup"),
    *("ec2:RunInstances", "ses:SendEmail"),
}
"""What no name and no tag narrows: jobs and transfers have ids and no tags of ours; a group is made in any VPC, and an
instance from any image; which of the account's identities sends a mail is not the spec's to say."""


def test_every_kind_says_what_it_is_judged_on():
    needed = {name: [a for verb in ("read", "create", "update", "delete") for a in getattr(kind.needs, verb)]
              for name, kind in KINDS.items()}  # fmt: skip
    known = {type_ for kind in KINDS.values() for type_ in kind.scopes.types}
    for name, actions in needed.items():
        assert KINDS[name].scopes.types, name
        for action in actions:
            assert is_action(action), f"{name}: {action}"
            narrow = types_of(action)
            assert not narrow or known & set(narrow) or action == "iam:PassRole", f"{name}: {action} of {narrow}"


@pytest.mark.parametrize("purpose", POLICIES)
def test_a_document_is_one_that_iam_takes(purpose):
    for document in POLICIES[purpose]:
        assert document["Version"] == "2012-10-17"
        assert size(document) <= LIMIT
        sids = [statement["Sid"] for statement in document["Statement"]]
        assert len(set(sids)) == len(sids)
        assert all(sid.isalnum() for sid in sids)
        for statement in document["Statement"]:
            assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
            assert statement["Effect"] == "Allow"
            assert all(one == "*" or ARN.fullmatch(one) for one in statement["Resource"]), statement["Resource"]


def test_no_action_is_a_pattern_and_everything_is_named_only_where_aws_knows_nothing_narrower():
    for _, statement in ALL:
        assert not [action for action in statement["Action"] if "*" in action or "?" in action]
        for action in statement["Action"] if "*" in statement["Resource"] else ():
            assert types_of(action) == ()
            assert action in resource_star_needed, f"{action} is given on everything, and the list does not say why"


def test_the_list_of_what_knows_no_resource_agrees_with_the_reference():
    """But for a job's end, whose resource says nothing of whose it is: roles of state machines need it."""
    narrower = [action for action in resource_star_needed if is_action(action) and types_of(action)]
    assert narrower == ["batch:TerminateJob"]


def test_what_is_changed_is_ours_by_name_or_by_tag():
    """Only reads may name a pattern that holds nothing of ours."""
    for _, statement in ALL:
        changing = {action for action in statement["Action"] if level_of(action) not in {"R", "L"}}
        for resource in statement["Resource"] if changing - NOT_NARROWED - set(resource_star_needed) else ():
            ours = "shop" in resource or "Condition" in statement
            # AWS's own things, images of desktops, which are made by hand, and the bucket whose uploads are heard of.
            others = re.search(
                r":(og|pg):default\*$|:secret:rds!db-\*$|:role/aws-service-role/|:appstream:.*:image/\*$|:::their-bucket$",
                resource,
            )
            assert ours or others, f"{sorted(changing)} on {resource}"


@pytest.fixture
def neighbours(life: Life) -> Life:
    """Pipelines shop-eu and shop.prod stand beside shop, and the caller may do what `apply` needs for shop."""
    with life.others():
        # Two pipelines may hear of one bucket, but not of the same keys by notification.
        beside = TEXT.replace("pipeline: shop\n", "pipeline: shop-eu\n").replace("theirs/in/", "theirs/eu/")
        for text in (beside, TEXT):
            life.account.put(everything(life.folder, text))
    life.caller.documents = POLICIES["apply"]
    return life


def changes_of_a_neighbour(account: Account) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """One change of each kind of thing that shop-eu has, and the theft of its tag."""
    queue = f"https://sqs.us-east-1.amazonaws.com/{account.cloud.account}/shop-eu-rows"
    batch, arn = "arn:aws:batch:us-east-1:123456789012", "arn:aws:{}:us-east-1:123456789012:{}"
    ours = [{"Key": "scrapectl:pipeline", "Value": "shop"}]
    yield "sqs", "DeleteQueue", {"QueueUrl": queue}
    yield "sqs", "SetQueueAttributes", {"QueueUrl": queue, "Attributes": {"VisibilityTimeout": "1"}}
    yield "sqs", "TagQueue", {"QueueUrl": queue, "Tags": {"scrapectl:pipeline": "shop"}}
    yield "s3", "DeleteBucket", {"Bucket": "shop-eu-raw-123456789012-us-east-1"}
    yield "s3", "DeleteObject", {"Bucket": "shop-eu-raw-123456789012-us-east-1", "Key": "a"}
    yield "s3", "PutBucketPolicy", {"Bucket": "shop-eu-raw-123456789012-us-east-1", "Policy": "{}"}
    yield "secretsmanager", "DeleteSecret", {"SecretId": "shop-eu-made"}
    yield "secretsmanager", "UpdateSecret", {"SecretId": "shop-eu-made", "SecretString": "x"}
    yield "ecr", "DeleteRepository", {"repositoryName": "shop-eu-scraper", "force": True}
    yield "ecr", "TagResource", {"resourceArn": arn.format("ecr", "repository/shop-eu-scraper"), "tags": ours}
    yield "batch", "UpdateJobQueue", {"jobQueue": f"{batch}:job-queue/{queue_of(account)}", "state": "DISABLED"}
    yield "batch", "DeleteJobQueue", {"jobQueue": f"{batch}:job-queue/{queue_of(account)}"}
    yield "batch", "DeregisterJobDefinition", {"jobDefinition": f"{batch}:job-definition/shop-eu-work:1"}
    yield "sns", "DeleteTopic", {"TopicArn": arn.format("sns", "shop-eu-news")}
    yield "sns", "Subscribe", {"TopicArn": arn.format("sns", "shop-eu-news"), "Protocol": "sqs", "Endpoint": "x"}
    yield "events", "DeleteRule", {"Name": "shop-eu_failed-runs"}
    yield "events", "PutTargets", {"Rule": "shop-eu_failed-runs", "Targets": [{"Id": "a", "Arn": queue}]}
    yield "cloudwatch", "DeleteAlarms", {"AlarmNames": ["shop-eu-rows_dead"]}
    yield "lambda", "DeleteFunction", {"FunctionName": "shop-eu_notifier"}
    yield "lambda", "UpdateFunctionCode", {"FunctionName": "shop-eu_notifier", "ZipFile": b"x"}
    yield "rds", "DeleteDBInstance", {"DBInstanceIdentifier": "shop-eu-results", "SkipFinalSnapshot": True}
    yield "rds", "ModifyDBInstance", {"DBInstanceIdentifier": "shop-eu-results", "BackupRetentionPeriod": 0}
    yield "rds", "StopDBInstance", {"DBInstanceIdentifier": "shop-eu-results"}
    yield "redshift", "DeleteCluster", {"ClusterIdentifier": "shop-eu-nodes", "SkipFinalClusterSnapshot": True}
    yield "redshift", "ModifyClusterIamRoles", {"ClusterIdentifier": "shop-eu-nodes", "AddIamRoles": []}
    yield "redshift", "CreateTags", {"ResourceName": arn.format("redshift", "cluster:shop-eu-nodes"), "Tags": ours}
    yield "redshift-serverless", "DeleteWorkgroup", {"workgroupName": "shop-eu-lake"}
    yield "redshift-serverless", "UpdateNamespace", {"namespaceName": "shop-eu-lake", "iamRoles": []}
    yield "ec2", "DeleteSecurityGroup", {"GroupId": group_of(account, "shop-eu_jobs")}
    yield "ec2", "CreateTags", {"Resources": [group_of(account, "shop-eu_jobs")], "Tags": ours}
    yield "ec2", "CreateTags", {"Resources": [group_of(account, "default")], "Tags": ours}
    yield "ec2", "DeleteLaunchTemplate", {"LaunchTemplateName": "shop-eu_instances"}
    yield "autoscaling", "DeleteAutoScalingGroup", {"AutoScalingGroupName": "shop-eu-ingester", "ForceDelete": True}
    yield "autoscaling", "UpdateAutoScalingGroup", {"AutoScalingGroupName": "shop-eu-ingester", "MaxSize": 0}
    theft = {"ResourceId": "shop-eu-ingester", "ResourceType": "auto-scaling-group", "PropagateAtLaunch": False}
    yield "autoscaling", "CreateOrUpdateTags", {"Tags": [{**theft, **ours[0]}]}
    yield "iam", "DeleteRole", {"RoleName": "shop-eu_scheduler-us-east-1"}
    yield "iam", "PutRolePolicy", {"RoleName": "shop-eu_scheduler-us-east-1", "PolicyName": "x", "PolicyDocument": "{}"}
    yield "iam", "DeleteInstanceProfile", {"InstanceProfileName": "shop-eu_instances-us-east-1"}
    yield "scheduler", "DeleteScheduleGroup", {"Name": "shop-eu"}
    yield "scheduler", "DeleteSchedule", {"GroupName": "shop-eu", "Name": "work_daily"}
    yield "logs", "DeleteLogGroup", {"logGroupName": "/scrapectl/shop-eu"}
    yield "ssm", "PutParameter", {"Name": "/scrapectl/shop-eu/anchor", "Value": "{}", "Overwrite": True}


def queue_of(account: Account) -> str:
    queues = account.cloud.call("batch", "DescribeJobQueues", {})["jobQueues"]
    return str(next(one["jobQueueName"] for one in queues if one["jobQueueName"].startswith("shop-eu-default")))


def group_of(account: Account, name: str) -> str:
    groups = account.cloud.call("ec2", "DescribeSecurityGroups", {})["SecurityGroups"]
    return str(next(one["GroupId"] for one in groups if one["GroupName"] == name))


def test_a_neighbour_is_out_of_reach(neighbours: Life):
    reached = []
    for service, operation, params in changes_of_a_neighbour(neighbours.account):
        client = neighbours.account.client(service)
        method = next(name for name, api in client.meta.method_to_api_mapping.items() if api == operation)
        try:
            getattr(client, method)(**params)
        except ClientError as error:
            denied = translate(error, service, operation)
            if isinstance(denied, AccessDenied) and denied.action in actions_for(service, operation, params):
                continue
        reached.append((service, operation, params))
    assert reached == []


def test_a_stage_is_out_of_reach_too():
    queue = "arn:aws:sqs:us-east-1:123456789012:shop-prod-rows"
    for owner, allowed in (("shop.prod", False), ("shop", True)):
        context = {"aws:ResourceTag/scrapectl:pipeline": owner}
        assert allows(POLICIES["apply"], "sqs:DeleteQueue", queue, context) is allowed
        assert allows(POLICIES["apply"], "sqs:SetQueueAttributes", queue, context) is allowed


def test_what_carries_no_tag_of_ours_cannot_be_deleted():
    for action, kind in (("sqs:DeleteQueue", "sqs"), ("sns:DeleteTopic", "sns")):
        assert not allows(POLICIES["apply"], action, f"arn:aws:{kind}:us-east-1:123456789012:shop-website", {})


@pytest.mark.parametrize("verb", ["Create", "Update", "Delete"])
def test_a_mapping_of_somebody_elses_function_cannot_be_made_ours_by_a_tag(verb):
    tags = {"aws:ResourceTag/scrapectl:pipeline": "shop", "aws:RequestTag/scrapectl:pipeline": "shop"}
    arn = "*" if verb == "Create" else "arn:aws:lambda:us-east-1:123456789012:event-source-mapping:0a1b"
    for function, allowed in (("shop_notifier", True), ("other", False), ("shop_notifier-2", False)):
        context = {**tags, "lambda:FunctionArn": f"arn:aws:lambda:us-east-1:123456789012:function:{function}"}
        assert allows(POLICIES["apply"], f"lambda:{verb}EventSourceMapping", arn, context) is allowed


def test_a_boundary_is_never_left():
    text = HEAD + ROWS + TAGS + "iam: {boundary: 'arn:aws:iam::123456789012:policy/limits'}\n"
    policies = policies_for(text + "jobs: {work: {image: x}}\n", "apply")
    role = "arn:aws:iam::123456789012:role/scrapectl/us-east-1/shop/any"
    for action in ("iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"):
        assert not allows(policies, action, role, {})
        assert not allows(policies, action, role, {"iam:PermissionsBoundary": "arn:aws:iam::123456789012:policy/other"})
        assert allows(policies, action, role, {"iam:PermissionsBoundary": "arn:aws:iam::123456789012:policy/limits"})
    assert not allows(policies, "iam:DeleteRolePermissionsBoundary", role, {})


def test_names_that_are_fixed_and_things_of_others_are_named_exactly():
    text = (
        HEAD + "message_queues: {rows: {name: fixed}, theirs: {existing: other-queue}}\n"
        "compute_environments: {theirs: {existing: other-environment}}\n"
        "filesystems: {theirs: {existing: fs-0123456789abcdef0, paths: {data: {existing: fsap-0123456789abcdef0}}}}\n"
        "jobs: {work: {image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/x/y:1, access: {send: [theirs]}}}\n"
    )
    policies = policies_for(text, "apply")
    arn = "arn:aws:{}:us-east-1:123456789012:{}".format
    tags = {"aws:ResourceTag/scrapectl:pipeline": "shop"}
    assert allows(policies, "sqs:DeleteQueue", arn("sqs", "fixed"), tags)
    assert not allows(policies, "sqs:DeleteQueue", arn("sqs", "fixed-2"), tags)
    assert allows(policies, "sqs:GetQueueUrl", arn("sqs", "other-queue"))
    assert not allows(policies, "sqs:DeleteQueue", arn("sqs", "other-queue"), tags)
    assert allows(policies, "batch:CreateJobQueue", arn("batch", "compute-environment/other-environment"))
    assert not allows(policies, "batch:UpdateComputeEnvironment", arn("batch", "compute-environment/other-environment"))
    assert allows(policies, "ecr:DescribeImages", arn("ecr", "repository/x/y"))
    efs = arn("elasticfilesystem", "{}").format
    assert allows(policies, "elasticfilesystem:DescribeFileSystems", efs("file-system/fs-0123456789abcdef0"))
    assert allows(policies, "elasticfilesystem:DescribeAccessPoints", efs("access-point/fsap-0123456789abcdef0"))
    assert not allows(policies, "elasticfilesystem:DeleteFileSystem", efs("file-system/fs-0123456789abcdef0"), tags)


@pytest.mark.parametrize("name", ["fixed", None])
@pytest.mark.parametrize("purpose", ["apply", "destroy"])
def test_the_tasks_of_an_environments_cluster_are_seen_whatever_it_is_called(purpose, name):
    fixed = f", name: {name}" if name else ""
    text = HEAD + f"compute_environments: {{main: {{type: fargate{fixed}}}}}\njobs: {{work: {{image: x}}}}\n"
    policies = policies_for(text, purpose)
    named = name or "shop-main-6a44"
    for cluster in (f"AWSBatch-{named}-0a1b2c3d-1111-2222-3333-444455556666", f"{named}_Batch_0a1b2c3d"):
        arn = "arn:aws:ecs:us-east-1:123456789012:container-instance/{}/*".format
        assert allows(policies, "ecs:ListTasks", arn(cluster))
        assert not allows(policies, "ecs:ListTasks", arn(cluster.replace(named, "other")))


def test_roles_go_only_to_the_services_that_need_them():
    context = {"iam:PassedToService": "scheduler.amazonaws.com"}
    role = "arn:aws:iam::123456789012:role/scrapectl/us-east-1/shop/any"
    assert allows(POLICIES["run"], "iam:PassRole", role, context)
    assert not allows(POLICIES["run"], "iam:PassRole", role, {"iam:PassedToService": "ecs-tasks.amazonaws.com"})
    assert not allows(POLICIES["apply"], "iam:PassRole", role, {"iam:PassedToService": "cloudformation.amazonaws.com"})
    assert not allows(POLICIES["apply"], "iam:PassRole", role.replace("/shop/", "/shop-eu/"), context)


def test_a_secret_is_shown_to_nobody_who_need_not_compare_it():
    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-key-AbCdEf"
    shown = {purpose for purpose in POLICIES if allows(POLICIES[purpose], "secretsmanager:GetSecretValue", secret)}
    assert shown == {"apply"}
