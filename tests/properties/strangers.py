"""How somebody else makes a thing of each kind, under a name that a pipeline wants, with tags of their own or none."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

from tests.account import Account
from tests.properties import strangers_of_flows as flows
from tests.properties import strangers_of_networks as networks
from tests.properties import strangers_of_warehouses as warehouses
from tests.properties.strangers_of_flows import function_of, role_of
from tests.properties.strangers_of_networks import Tags
from tests.properties.strangers_of_networks import pairs as _pairs


def _some(tags: Tags) -> dict[str, Any]:
    """For APIs that take tags as a mapping, and none that is empty."""
    return {"tags": tags} if tags else {}


def _specified(what: str, tags: Tags) -> list[dict[str, Any]]:
    """For EC2, which takes none that is empty either."""
    return [{"ResourceType": what, "Tags": _pairs(tags)}] if tags else []


def _trust(service: str) -> str:
    principal = {"Service": f"{service}.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _subnets(account: Account) -> list[str]:
    return [subnet["SubnetId"] for subnet in networks.subnets(account)]


def iam_role(account: Account, want: Any, tags: Tags) -> None:
    account.client("iam").create_role(RoleName=want.name, AssumeRolePolicyDocument=_trust("ec2"), Tags=_pairs(tags))


def iam_instance_profile(account: Account, want: Any, tags: Tags) -> None:
    account.client("iam").create_instance_profile(InstanceProfileName=want.name, Tags=_pairs(tags))


def log_group(account: Account, want: Any, tags: Tags) -> None:
    account.client("logs").create_log_group(logGroupName=want.name, **_some(tags))


def s3_bucket(account: Account, want: Any, tags: Tags) -> None:
    account.client("s3").create_bucket(Bucket=want.name, CreateBucketConfiguration={"Tags": _pairs(tags)})


def sqs_queue(account: Account, want: Any, tags: Tags) -> None:
    account.client("sqs").create_queue(QueueName=want.name, **_some(tags))


def sns_topic(account: Account, want: Any, tags: Tags) -> None:
    account.client("sns").create_topic(Name=want.name, Tags=_pairs(tags))


def secret(account: Account, want: Any, tags: Tags) -> None:
    account.client("secretsmanager").create_secret(Name=want.name, SecretString="theirs", Tags=_pairs(tags))


def ecr_repository(account: Account, want: Any, tags: Tags) -> None:
    account.client("ecr").create_repository(repositoryName=want.name, tags=_pairs(tags))


def security_group(account: Account, want: Any, tags: Tags) -> None:
    account.client("ec2").create_security_group(
        GroupName=want.name,
        VpcId=want.vpc,
        Description="theirs",
        TagSpecifications=_specified("security-group", tags),
    )


def rds_subnet_group(account: Account, want: Any, tags: Tags) -> None:
    account.client("rds").create_db_subnet_group(
        DBSubnetGroupName=want.name,
        DBSubnetGroupDescription="theirs",
        SubnetIds=_subnets(account),
        Tags=_pairs(tags),
    )


def rds_instance(account: Account, want: Any, tags: Tags) -> None:
    account.client("rds").create_db_instance(
        DBInstanceIdentifier=want.name,
        Engine=want.engine,
        DBInstanceClass=want.instance_class,
        AllocatedStorage=want.storage,
        MasterUsername="theirs",
        ManageMasterUserPassword=True,
        Tags=_pairs(tags),
    )


def ec2_launch_template(account: Account, want: Any, tags: Tags) -> None:
    account.client("ec2").create_launch_template(
        LaunchTemplateName=want.name,
        LaunchTemplateData={"InstanceType": "m7i.large"},
        TagSpecifications=_specified("launch-template", tags),
    )


def autoscaling_group(account: Account, want: Any, tags: Tags) -> None:
    ec2 = account.client("ec2")
    data = {"ImageId": "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"}
    ec2.create_launch_template(LaunchTemplateName="theirs", LaunchTemplateData=data | {"InstanceType": "t4g.nano"})
    account.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=want.name,
        LaunchTemplate={"LaunchTemplateName": "theirs"},
        MinSize=0,
        MaxSize=1,
        VPCZoneIdentifier=",".join(_subnets(account)[:1]),
        Tags=[{"Key": key, "Value": value, "PropagateAtLaunch": False} for key, value in tags.items()],
    )


def batch_scheduling_policy(account: Account, want: Any, tags: Tags) -> None:
    account.client("batch").create_scheduling_policy(name=want.name, **_some(tags))


def batch_compute_environment(account: Account, want: Any, tags: Tags) -> None:
    _environment(account, want.name, tags)


def _environment(account: Account, name: str, tags: Tags) -> str:
    (subnet, *_) = networks.subnets(account)
    of_the_network = [
        {"Name": "vpc-id", "Values": [subnet["VpcId"]]},
        {"Name": "group-name", "Values": ["default"]},
    ]
    (default,) = account.client("ec2").describe_security_groups(Filters=of_the_network)["SecurityGroups"]
    resources = {
        "type": "FARGATE",
        "maxvCpus": 1,
        "subnets": _subnets(account),
        "securityGroupIds": [default["GroupId"]],
    }
    made = account.client("batch").create_compute_environment(
        computeEnvironmentName=name, type="MANAGED", computeResources=resources, **_some(tags)
    )
    return str(made["computeEnvironmentArn"])


def batch_job_queue(account: Account, want: Any, tags: Tags) -> None:
    order = [{"order": 1, "computeEnvironment": _environment(account, "theirs", {})}]
    account.client("batch").create_job_queue(
        jobQueueName=want.name, priority=1, computeEnvironmentOrder=order, **_some(tags)
    )


def batch_job_definition(account: Account, want: Any, tags: Tags) -> None:
    size = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]
    account.client("batch").register_job_definition(
        jobDefinitionName=want.name,
        type="container",
        containerProperties={"image": "x", "resourceRequirements": size},
        **_some(tags),
    )


def lambda_function(account: Account, want: Any, tags: Tags) -> None:
    function_of(account, want.name, tags)


def lambda_event_source(account: Account, want: Any, tags: Tags) -> None:
    """A function under the wanted name takes from a queue under the wanted name."""
    functions, queues, queue = account.client("lambda"), account.client("sqs"), want.source.rpartition(":")[2]
    take = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
    taker = role_of(account, "lambda", *take)
    try:
        functions.update_function_configuration(FunctionName=want.function, Role=taker)
    except functions.exceptions.ResourceNotFoundException:
        function_of(account, want.function, {}, *take)
    with contextlib.suppress(queues.exceptions.QueueNameExists):
        queues.create_queue(QueueName=queue, Attributes={"VisibilityTimeout": "60"})
    functions.create_event_source_mapping(EventSourceArn=want.source, FunctionName=want.function, Tags=tags)


def events_rule(account: Account, want: Any, tags: Tags) -> None:
    account.client("events").put_rule(Name=want.name, ScheduleExpression="rate(1 hour)", Tags=_pairs(tags))


def cloudwatch_alarm(account: Account, want: Any, tags: Tags) -> None:
    account.client("cloudwatch").put_metric_alarm(
        AlarmName=want.name,
        Namespace="Theirs",
        MetricName="Theirs",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
        Tags=_pairs(tags),
    )


def schedule_group(account: Account, want: Any, tags: Tags) -> None:
    account.client("scheduler").create_schedule_group(Name=want.name, Tags=_pairs(tags))


def schedule(account: Account, want: Any, tags: Tags) -> None:
    """Schedules carry no tags: that of their group says whose they are."""
    scheduler, arn = account.client("scheduler"), "arn:aws:scheduler:::aws-sdk:batch:submitJob"
    with contextlib.suppress(scheduler.exceptions.ConflictException):
        scheduler.create_schedule_group(Name=want.group, Tags=_pairs(tags))
    scheduler.create_schedule(
        Name=want.name,
        GroupName=want.group,
        ScheduleExpression="rate(1 hour)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn, "RoleArn": role_of(account, "scheduler"), "Input": "{}"},
    )


STRANGERS: dict[str, Callable[[Account, Any, Tags], None]] = {
    made.__name__: made
    for made in (
        *(iam_role, iam_instance_profile, log_group, s3_bucket, sqs_queue, sns_topic, secret, ecr_repository),
        *(security_group, rds_subnet_group, rds_instance, ec2_launch_template, autoscaling_group),
        *(batch_scheduling_policy, batch_compute_environment, batch_job_queue, batch_job_definition),
        *(lambda_function, lambda_event_source, events_rule, cloudwatch_alarm, schedule_group, schedule),
        *(networks.ec2_vpc, networks.ec2_internet_gateway, networks.ec2_subnet, networks.ec2_elastic_ip),
        *(networks.ec2_nat_gateway, networks.ec2_route_table, networks.ec2_vpc_endpoint, networks.ec2_vpc_peering),
        *(flows.efs_file_system, flows.efs_access_point, flows.datasync_location_s3, flows.datasync_location_efs),
        *(flows.datasync_task, flows.lambda_layer, flows.sfn_state_machine, flows.s3_bucket_notification),
        *(flows.cloudtrail_trail, flows.appstream_fleet, flows.appstream_stack),
        *(warehouses.redshift_subnet_group, warehouses.redshift_cluster),
        *(warehouses.redshift_namespace, warehouses.redshift_workgroup),
    )
}
