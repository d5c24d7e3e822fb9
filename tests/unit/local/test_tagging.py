"""The tagging API answers for our services and moto's, late, in pages, by filter."""

from __future__ import annotations

import pytest

from scrapectl.local.clock import VirtualClock
from scrapectl.local.cloud import Cloud
from scrapectl.local.inprocess import connect

OURS = {"scrapectl:pipeline": "shop"}
PAIRS = [{"Key": "scrapectl:pipeline", "Value": "shop"}]


@pytest.fixture
def tagged(aws, cloud, network):
    """One resource of each taggable kind, and one that is someone else's."""
    resources = {"type": "FARGATE", "maxvCpus": 1} | network
    batch = aws("batch")
    batch.create_compute_environment(computeEnvironmentName="c", type="MANAGED", computeResources=resources, tags=OURS)
    cloud.clock.advance(60)
    order = [{"order": 1, "computeEnvironment": "c"}]
    batch.create_job_queue(jobQueueName="q", priority=1, computeEnvironmentOrder=order, tags=OURS)
    batch.create_scheduling_policy(name="p", fairsharePolicy={}, tags=OURS)
    container = {
        "image": "i",
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "8"}],
    }
    batch.register_job_definition(jobDefinitionName="d", type="container", containerProperties=container, tags=OURS)
    aws("scheduler").create_schedule_group(Name="g", Tags=PAIRS)
    aws("sqs").create_queue(QueueName="m", tags=OURS)
    aws("sqs").create_queue(QueueName="theirs", tags={"scrapectl:pipeline": "shop-eu"})
    aws("s3").create_bucket(Bucket="some-bucket", CreateBucketConfiguration={"Tags": PAIRS})
    aws("logs").create_log_group(logGroupName="/l", tags=OURS)
    aws("ecr").create_repository(repositoryName="repo", tags=PAIRS)
    aws("secretsmanager").create_secret(Name="s", SecretString="x", Tags=PAIRS)
    aws("ssm").put_parameter(Name="/a", Value="x", Type="String", Tags=PAIRS)
    aws("events").put_rule(Name="r", ScheduleExpression="rate(1 day)", Tags=PAIRS)
    vpc = aws("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    tags = [{"ResourceType": "security-group", "Tags": PAIRS}]
    aws("ec2").create_security_group(GroupName="g", Description="d", VpcId=vpc, TagSpecifications=tags)
    aws("iam")  # roles are taggable, and never listed


def _found(aws, **query):
    rows = aws("resourcegroupstaggingapi").get_resources(**query)["ResourceTagMappingList"]
    return sorted(row["ResourceARN"].split(":", 2)[2].split(":")[0] for row in rows)


KINDS = ["batch"] * 4 + ["ec2", "ecr", "events", "logs", "s3", "scheduler", "secretsmanager", "sqs", "ssm"]


def test_every_kind_is_found_after_the_lag(aws, cloud, tagged):
    mine = [{"Key": "scrapectl:pipeline", "Values": ["shop"]}]
    assert _found(aws, TagFilters=mine) == []
    cloud.clock.advance(11)
    assert _found(aws, TagFilters=mine) == KINDS
    assert _found(aws, TagFilters=mine, ResourceTypeFilters=["batch:job-queue", "sqs"]) == ["batch", "sqs"]
    assert len(_found(aws, TagFilters=[{"Key": "scrapectl:pipeline"}])) == len(KINDS) + 1
    assert aws("resourcegroupstaggingapi").get_tag_values(Key="scrapectl:pipeline")["TagValues"] == ["shop", "shop-eu"]


def test_pages_hold_all(aws, cloud, tagged):
    _found(aws)
    cloud.clock.advance(11)
    pages = aws("resourcegroupstaggingapi").get_paginator("get_resources").paginate(ResourcesPerPage=5)
    sizes = [len(page["ResourceTagMappingList"]) for page in pages]
    assert sizes == [5, 5, 4]


def test_a_deleted_resource_is_listed_for_a_while(aws, cloud):
    aws("scheduler").create_schedule_group(Name="g", Tags=PAIRS)
    _found(aws)
    cloud.clock.advance(11)
    assert _found(aws) == ["scheduler"]
    aws("scheduler").delete_schedule_group(Name="g")
    cloud.clock.advance(11)
    assert _found(aws) == ["scheduler"]
    cloud.clock.advance(11)
    assert _found(aws) == []


def test_without_delays_there_is_no_lag():
    client = connect(Cloud(VirtualClock())).client
    client("sqs").create_queue(QueueName="q", tags=OURS)
    found = client("resourcegroupstaggingapi").get_resources()["ResourceTagMappingList"]
    assert found == [{"ResourceARN": "arn:aws:sqs:us-east-1:123456789012:q", "Tags": PAIRS}]


def test_bad_tokens_and_filters_that_exclude_each_other(aws, refused):
    with refused("PaginationTokenExpiredException"):
        aws("resourcegroupstaggingapi").get_resources(PaginationToken="odd")
    with refused("InvalidParameterException"):
        arns = ["arn:aws:sqs:us-east-1:123456789012:q"]
        aws("resourcegroupstaggingapi").get_resources(ResourceARNList=arns, TagFilters=[{"Key": "a"}])


def test_batchs_own_tags(aws, queue, refused):
    arn = queue()
    batch = aws("batch")
    batch.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
    batch.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert batch.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}
    assert batch.describe_job_queues()["jobQueues"][0]["tags"] == {"b": "2"}
    with refused("ClientException", "does not exist"):
        batch.tag_resource(resourceArn=arn + "x", tags={"a": "1"})
    with refused("ClientException", "More than 50"):
        batch.tag_resource(resourceArn=arn, tags={str(n): "x" for n in range(50)})


def test_a_bucket_is_listed_in_its_own_region_alone(cloud):
    for region in ("us-east-1", "eu-west-1"):
        place = {} if region == "us-east-1" else {"LocationConstraint": region}
        s3 = connect(cloud, region).client("s3")
        s3.create_bucket(Bucket=f"bucket-{region}", CreateBucketConfiguration={**place, "Tags": PAIRS})
    cloud.clock.advance(60)
    for region in ("us-east-1", "eu-west-1"):
        tagging = connect(cloud, region).client("resourcegroupstaggingapi")
        tagging.get_resources()
        cloud.clock.advance(60)
        found = [entry["ResourceARN"] for entry in tagging.get_resources()["ResourceTagMappingList"]]
        assert found == [f"arn:aws:s3:::bucket-{region}"]
