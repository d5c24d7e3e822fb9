"""Job queues and scheduling policies: their lives, and what is sent for them."""

from __future__ import annotations

import dataclasses

import pytest

from scrapectl.engine.diff import diff
from scrapectl.engine.resource import Live, Removal, Status, Update
from scrapectl.engine.values import Ref
from scrapectl.kinds.batch_compute_environment import BatchComputeEnvironment
from scrapectl.kinds.batch_job_queue import BatchJobQueue, job_queue_arn
from scrapectl.kinds.batch_scheduling_policy import BatchSchedulingPolicy, scheduling_policy_arn

TAGS = {"scrapectl:pipeline": "shop", "scrapectl:address": "job_queue.default"}
KEY = ("shop-default",)


def settle(cloud):
    cloud.clock.advance(60)


def change(aws, want, live):
    want.update(aws, Update(live, frozenset(change.name for change in diff(want, live)), TAGS))


@pytest.fixture
def environments(aws, cloud) -> tuple[str, ...]:
    subnet = aws.call("ec2", "describe_subnets")["Subnets"][0]["SubnetId"]
    group = aws.call("ec2", "describe_security_groups")["SecurityGroups"][0]["GroupId"]
    for name, kind in (("spot", "FARGATE_SPOT"), ("steady", "FARGATE")):
        environment = BatchComputeEnvironment(
            name=name, type=kind, max_vcpus=4, subnets=(subnet,), security_groups=(group,)
        )
        environment.create(aws, TAGS)
    settle(cloud)
    lives = BatchComputeEnvironment.read_many(aws, [("spot",), ("steady",)])
    return tuple(lives[key,].outputs["arn"] for key in ("spot", "steady"))


@pytest.fixture
def policy(aws) -> Live:
    want = BatchSchedulingPolicy(name="shop-default", shares=(("low", 1), ("high", 0.25)), decay_seconds=300)
    live = want.create(aws, TAGS)
    assert live is not None
    return live


@pytest.fixture
def queue(environments, policy) -> BatchJobQueue:
    return BatchJobQueue(name=KEY[0], priority=10, compute=environments, scheduling_policy=policy.outputs["arn"])


@pytest.fixture
def live(aws, cloud, queue) -> Live:
    queue.create(aws, TAGS)
    settle(cloud)
    return BatchJobQueue.read_many(aws, [KEY])[KEY]


class TestQueue:
    def test_it_is_made_whole_with_its_tags(self, cloud, queue, live):
        assert diff(queue, live) == ()
        assert live.tags == TAGS
        assert live.outputs["arn"] == job_queue_arn("aws", "us-east-1", cloud.account, KEY[0])

    def test_its_environments_keep_their_order(self, aws, cloud, sent, queue, live):
        other = dataclasses.replace(queue, compute=tuple(reversed(queue.compute)))
        assert [found.name for found in diff(other, live)] == ["compute"]
        change(aws, other, live)
        (request,) = sent.of("UpdateJobQueue")
        assert request == {
            "jobQueue": KEY[0],
            "schedulingPolicyArn": queue.scheduling_policy,
            "computeEnvironmentOrder": [
                {"order": 1, "computeEnvironment": queue.compute[1]},
                {"order": 2, "computeEnvironment": queue.compute[0]},
            ],
        }
        settle(cloud)
        assert diff(other, BatchJobQueue.read_many(aws, [KEY])[KEY]) == ()

    def test_adding_or_removing_a_policy_is_fixed_and_exchanging_is_not(self, queue, live):
        without = dataclasses.replace(queue, scheduling_policy=None)
        (found,) = diff(without, live)
        assert (found.name, found.fixed) == ("scheduling_policy", True)
        (found,) = diff(queue, dataclasses.replace(live, resource=without))
        assert found.fixed
        other = dataclasses.replace(queue, scheduling_policy=queue.scheduling_policy + "2")
        (found,) = diff(other, live)
        assert not found.fixed

    def test_an_environment_that_is_still_a_reference_is_a_difference_known_later(self, queue, live):
        other = dataclasses.replace(queue, compute=(Ref("compute_environment.new", "arn"),))
        (found,) = diff(other, live)
        assert found.unknown

    def test_a_queue_without_a_policy_never_mentions_one(self, aws, cloud, sent, queue):
        plain = dataclasses.replace(queue, name="plain", scheduling_policy=None)
        plain.create(aws, TAGS)
        settle(cloud)
        live = BatchJobQueue.read_many(aws, [("plain",)])["plain",]
        change(aws, dataclasses.replace(plain, priority=3), live)
        assert "schedulingPolicyArn" not in sent.of("CreateJobQueue")[0]
        assert sent.of("UpdateJobQueue") == [{"jobQueue": "plain", "priority": 3}]

    def test_a_broken_one_is_sent_everything(self, aws, sent, queue, live):
        broken = dataclasses.replace(live, status=Status.BROKEN, reason="CLIENT_ERROR")
        change(aws, queue, broken)
        (request,) = sent.of("UpdateJobQueue")
        whole = {"state", "priority", "computeEnvironmentOrder", "schedulingPolicyArn", "jobStateTimeLimitActions"}
        assert request.keys() == {"jobQueue", *whole}

    def test_it_is_disabled_then_deleted_and_each_step_may_be_repeated(self, aws, cloud, sent, live):
        BatchJobQueue.delete(aws, live, Removal())
        assert not sent.of("DeleteJobQueue")
        assert BatchJobQueue.read_many(aws, [KEY])[KEY].status is Status.BUSY
        settle(cloud)
        disabled = BatchJobQueue.read_many(aws, [KEY])[KEY]
        BatchJobQueue.delete(aws, disabled, Removal())
        settle(cloud)
        assert BatchJobQueue.read_many(aws, [KEY]) == {}
        BatchJobQueue.delete(aws, disabled, Removal())
        BatchJobQueue.delete(aws, live, Removal())


class TestPolicy:
    def test_what_its_create_answers_is_what_a_read_says(self, aws, policy):
        assert BatchSchedulingPolicy.read_many(aws, [("shop-default",)]) == {("shop-default",): policy}

    def test_weights_are_compared_as_batch_keeps_them(self, aws, monkeypatch):
        share = {"shareIdentifier": "low", "weightFactor": 0.33329999446868896}
        entry = {"name": "x", "arn": "arn:x", "fairsharePolicy": {"shareDistribution": [share]}}
        monkeypatch.setattr(aws, "pages", lambda *_, **__: [entry])
        want = BatchSchedulingPolicy(name="x", shares=(("low", 1 / 3),))
        (live,) = BatchSchedulingPolicy.read_many(aws, [("x",)]).values()
        assert want.shares == (("low", 0.3333),)
        assert diff(want, live) == ()

    def test_an_update_sends_the_whole_policy(self, aws, sent, policy):
        want = dataclasses.replace(policy.resource, reservation=5)
        change(aws, want, policy)
        assert sent.of("UpdateSchedulingPolicy") == [
            {
                "arn": scheduling_policy_arn("aws", "us-east-1", "123456789012", "shop-default"),
                "fairsharePolicy": {
                    "shareDecaySeconds": 300,
                    "computeReservation": 5,
                    "shareDistribution": [
                        {"shareIdentifier": "high", "weightFactor": 0.25},
                        {"shareIdentifier": "low", "weightFactor": 1.0},
                    ],
                },
            }
        ]
        assert diff(want, BatchSchedulingPolicy.read_many(aws, [("shop-default",)])["shop-default",]) == ()

    def test_it_is_deleted_once_and_once_more(self, aws, policy):
        BatchSchedulingPolicy.delete(aws, policy, Removal())
        assert BatchSchedulingPolicy.read_many(aws, [("shop-default",)]) == {}
        BatchSchedulingPolicy.delete(aws, policy, Removal())


@pytest.mark.parametrize(("kind", "word"), [(BatchJobQueue, "job-queue"), (BatchSchedulingPolicy, "scheduling-policy")])
def test_keys_stand_in_arns(kind, word):
    assert kind.key_of_arn(f"arn:aws:batch:us-east-1:123456789012:{word}/x-1") == ("x-1",)
    assert kind.key_of_arn("arn:aws:batch:us-east-1:123456789012:compute-environment/x") is None
