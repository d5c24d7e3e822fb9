"""A compute environment's whole life, and what is sent for it."""

from __future__ import annotations

import dataclasses

import pytest

from scrapectl.engine.diff import diff
from scrapectl.engine.resource import Live, Removal, Resource, Status, Update
from scrapectl.kinds.batch_compute_environment import BatchComputeEnvironment, compute_environment_arn

TAGS = {"scrapectl:pipeline": "shop", "scrapectl:address": "compute_environment.default"}
KEY = ("shop-default-1a2b3c4d",)


@pytest.fixture
def want(aws):
    subnets = aws.call("ec2", "describe_subnets")["Subnets"]
    groups = aws.call("ec2", "describe_security_groups")["SecurityGroups"]
    return BatchComputeEnvironment(
        name=KEY[0],
        type="FARGATE_SPOT",
        max_vcpus=16,
        subnets=tuple(subnet["SubnetId"] for subnet in subnets[:2]),
        security_groups=(groups[0]["GroupId"],),
    )


def settled(aws, cloud) -> Live | None:
    cloud.clock.advance(60)
    return BatchComputeEnvironment.read(aws, KEY)


def standing(aws, cloud, want) -> Live:
    want.create(aws, TAGS)
    live = settled(aws, cloud)
    assert live is not None
    return live


def update(aws, want: Resource, live: Live) -> None:
    want.update(aws, Update(live, frozenset(change.name for change in diff(want, live)), TAGS))


def test_it_is_made_whole_with_its_tags_in_one_call(aws, cloud, sent, want):
    live = standing(aws, cloud, want)
    assert diff(want, live) == ()
    assert live.tags == TAGS
    assert live.status is Status.READY
    assert live.outputs == {"arn": compute_environment_arn("aws", "us-east-1", cloud.account, KEY[0]), "name": KEY[0]}
    assert sent.of("CreateComputeEnvironment") == [
        {
            "computeEnvironmentName": KEY[0],
            "type": "MANAGED",
            "state": "ENABLED",
            "computeResources": {
                "type": "FARGATE_SPOT",
                "maxvCpus": 16,
                "subnets": list(want.subnets),
                "securityGroupIds": list(want.security_groups),
            },
            "tags": TAGS,
        }
    ]
    assert not sent.of("TagResource")


def test_it_is_busy_while_batch_makes_it(aws, want):
    want.create(aws, TAGS)
    live = BatchComputeEnvironment.read(aws, KEY)
    assert live is not None
    assert live.status is Status.BUSY


def test_subnets_in_another_order_are_no_difference(want):
    other = dataclasses.replace(want, subnets=tuple(reversed(want.subnets)))
    assert other == want


def test_a_network_that_is_gone_makes_it_broken_with_the_reason(aws, cloud, want):
    live = standing(aws, cloud, dataclasses.replace(want, security_groups=("sg-0123456789abcdef0",)))
    assert live.status is Status.BROKEN
    assert "sg-0123456789abcdef0" in live.reason
    assert {change.name for change in diff(want, live)} == {"security_groups", "status"}


def test_a_broken_one_is_sent_everything_again(aws, cloud, sent, want):
    live = standing(aws, cloud, dataclasses.replace(want, security_groups=("sg-0123456789abcdef0",)))
    update(aws, want, live)
    assert sent.of("UpdateComputeEnvironment") == [
        {
            "computeEnvironment": KEY[0],
            "state": "ENABLED",
            "computeResources": {
                "maxvCpus": 16,
                "subnets": list(want.subnets),
                "securityGroupIds": list(want.security_groups),
            },
        }
    ]
    live = settled(aws, cloud)
    assert live is not None
    assert diff(want, live) == ()


def test_a_change_of_size_leaves_the_state_alone(aws, cloud, sent, want):
    live = standing(aws, cloud, want)
    bigger = dataclasses.replace(want, max_vcpus=32)
    update(aws, bigger, live)
    (request,) = sent.of("UpdateComputeEnvironment")
    assert "state" not in request
    assert request["computeResources"]["maxvCpus"] == 32
    live = settled(aws, cloud)
    assert live is not None
    assert diff(bigger, live) == ()


def test_a_change_of_state_alone_sends_nothing_else(aws, cloud, sent, want):
    live = standing(aws, cloud, want)
    update(aws, dataclasses.replace(want, state="DISABLED"), live)
    assert sent.of("UpdateComputeEnvironment") == [{"computeEnvironment": KEY[0], "state": "DISABLED"}]


def test_another_type_is_fixed(aws, cloud, want):
    live = standing(aws, cloud, want)
    (change,) = diff(dataclasses.replace(want, type="FARGATE"), live)
    assert (change.name, change.fixed) == ("type", True)


def test_it_is_disabled_then_deleted_and_each_step_may_be_repeated(aws, cloud, sent, want):
    live = standing(aws, cloud, want)
    BatchComputeEnvironment.delete(aws, live, Removal())
    assert not sent.of("DeleteComputeEnvironment")
    live = settled(aws, cloud)
    assert live is not None
    BatchComputeEnvironment.delete(aws, live, Removal())
    assert BatchComputeEnvironment.read(aws, KEY).status is Status.BUSY
    assert settled(aws, cloud) is None
    BatchComputeEnvironment.delete(aws, live, Removal())


def test_many_are_read_with_one_call_for_each_hundred(aws, cloud, sent, want):
    standing(aws, cloud, want)
    sent.calls.clear()
    found = BatchComputeEnvironment.read_many(aws, [KEY, *((f"none-{i}",) for i in range(149))])
    assert list(found) == [KEY]
    assert [len(request["computeEnvironments"]) for request in sent.of("DescribeComputeEnvironments")] == [100, 50]


def test_its_key_stands_in_its_arn():
    arn = compute_environment_arn("aws-us-gov", "us-gov-west-1", "123456789012", "x")
    assert BatchComputeEnvironment.key_of_arn(arn) == ("x",)
    assert BatchComputeEnvironment.key_of_arn(arn.replace("compute-environment", "job-queue")) is None
    assert BatchComputeEnvironment.key_of_arn("arn:aws:s3:::bucket") is None
