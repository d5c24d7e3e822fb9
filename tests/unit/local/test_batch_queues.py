"""Job queues and scheduling policies refuse, settle and keep what AWS keeps."""

from __future__ import annotations

import pytest


def _queue(aws):
    return aws("batch").describe_job_queues()["jobQueues"][0]


def _policy(aws, name="shares", **fields):
    shares = [{"shareIdentifier": "low", "weightFactor": 1.0}, {"shareIdentifier": "high", "weightFactor": 0.25}]
    policy = {"shareDistribution": shares} | fields
    return aws("batch").create_scheduling_policy(name=name, fairsharePolicy=policy)["arn"]


def _order(*names):
    return [{"order": number, "computeEnvironment": name} for number, name in enumerate(names, 1)]


def test_it_settles_and_is_read_back_with_arns(aws, queue):
    queue(
        jobStateTimeLimitActions=[
            {
                "reason": "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
                "state": "RUNNABLE",
                "maxTimeSeconds": 1200,
                "action": "CANCEL",
            }
        ]
    )
    found = _queue(aws)
    assert (found["status"], found["state"], found["jobQueueType"]) == ("VALID", "ENABLED", "ECS_FARGATE")
    assert found["computeEnvironmentOrder"][0]["computeEnvironment"].endswith(":compute-environment/ce")
    assert found["jobStateTimeLimitActions"][0]["maxTimeSeconds"] == 1200


def test_environments_must_be_valid(aws, network, refused):
    resources = {"type": "FARGATE", "maxvCpus": 4} | network
    aws("batch").create_compute_environment(computeEnvironmentName="ce", type="MANAGED", computeResources=resources)
    with refused("ClientException", "must be created and valid"):
        aws("batch").create_job_queue(jobQueueName="q", priority=1, computeEnvironmentOrder=_order("ce"))


def test_what_create_refuses(aws, environment, refused):
    for name in ("a", "b", "c", "d"):
        environment(name)
    create = aws("batch").create_job_queue
    with refused("ClientException", "cannot be empty"):
        create(jobQueueName="q", priority=1)
    with refused("ClientException", "Only 3 environments"):
        create(jobQueueName="q", priority=1, computeEnvironmentOrder=_order("a", "b", "c", "d"))
    with refused("ClientException", "unique"):
        create(jobQueueName="q", priority=1, computeEnvironmentOrder=_order("a", "a"))
    with refused("ClientException", "does not exist"):
        create(jobQueueName="q", priority=1, computeEnvironmentOrder=_order("none"))
    with refused("ClientException", "does not exist"):
        policy = "arn:aws:batch:us-east-1:123456789012:scheduling-policy/none"
        create(jobQueueName="q", priority=1, computeEnvironmentOrder=_order("a"), schedulingPolicyArn=policy)
    limits = [
        {
            "reason": "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
            "state": "RUNNABLE",
            "maxTimeSeconds": 599,
            "action": "CANCEL",
        }
    ]
    with refused("ClientException", "maxTimeSeconds"):
        create(jobQueueName="q", priority=1, computeEnvironmentOrder=_order("a"), jobStateTimeLimitActions=limits)


def test_fargate_and_ec2_do_not_mix(aws, environment, instances, refused):
    environment("a")
    instances("b")
    with refused("ClientException", "cannot be mixed"):
        aws("batch").create_job_queue(jobQueueName="q", priority=1, computeEnvironmentOrder=_order("a", "b"))


def test_names_are_taken_and_moving_queues_refuse(aws, queue, refused):
    queue()
    with refused("ClientException", "Object already exists"):
        aws("batch").create_job_queue(jobQueueName="queue", priority=1, computeEnvironmentOrder=_order("ce"))
    aws("batch").update_job_queue(jobQueue="queue", priority=5)
    assert (_queue(aws)["status"], _queue(aws)["priority"]) == ("UPDATING", 5)
    with refused("ClientException", "is being modified"):
        aws("batch").update_job_queue(jobQueue="queue", priority=6)


def test_a_policy_is_neither_added_nor_removed_but_replaced(aws, cloud, queue, refused):
    queue()
    first, second = _policy(aws), _policy(aws, "second")
    with refused("ClientException", "cannot be added"):
        aws("batch").update_job_queue(jobQueue="queue", schedulingPolicyArn=first)
    fair = queue("fair", schedulingPolicyArn=first)
    with refused("ClientException", "cannot be removed"):
        aws("batch").update_job_queue(jobQueue=fair, schedulingPolicyArn="")
    aws("batch").update_job_queue(jobQueue=fair, schedulingPolicyArn=second)
    cloud.clock.advance(60)
    with refused("ClientException", "in use"):
        aws("batch").delete_scheduling_policy(arn=second)
    aws("batch").delete_scheduling_policy(arn=first)
    assert [p["arn"] for p in aws("batch").list_scheduling_policies()["schedulingPolicies"]] == [second]


def test_deletion_needs_it_disabled(aws, cloud, queue, refused):
    queue()
    with refused("ClientException", "DISABLED first"):
        aws("batch").delete_job_queue(jobQueue="queue")
    aws("batch").update_job_queue(jobQueue="queue", state="DISABLED")
    cloud.clock.advance(60)
    aws("batch").delete_job_queue(jobQueue="queue")
    assert _queue(aws)["status"] == "DELETING"
    cloud.clock.advance(60)
    assert aws("batch").describe_job_queues(jobQueues=["queue"])["jobQueues"] == []


def test_whoever_runs_jobs_is_told_of_a_deleted_queue(aws, cloud, queue):
    from scrapectl.local.services.batch.state import BatchState  # noqa: PLC0415

    told = []
    cloud.store(BatchState, "us-east-1").queue_deleted.append(told.append)
    arn = queue()
    aws("batch").update_job_queue(jobQueue="queue", state="DISABLED")
    cloud.clock.advance(60)
    aws("batch").delete_job_queue(jobQueue="queue")
    assert told == []
    cloud.clock.advance(60)
    aws("batch").describe_job_queues()
    assert told == [arn]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"shareDistribution": [{"shareIdentifier": "a*"}, {"shareIdentifier": "ab"}]}, "overlap"),
        ({"shareDistribution": [{"shareIdentifier": "a"}, {"shareIdentifier": "a"}]}, "overlap"),
        ({"shareDistribution": [{"shareIdentifier": "a b"}]}, "Invalid share"),
        ({"shareDistribution": [{"shareIdentifier": "a", "weightFactor": 1000.0}]}, "weightFactor"),
        ({"computeReservation": 100}, "computeReservation"),
        ({"shareDecaySeconds": 604_801}, "shareDecaySeconds"),
    ],
)
def test_what_policies_refuse(aws, refused, fields, words):
    with refused("ClientException", words):
        _policy(aws, **fields)


def test_a_policy_is_read_back_with_defaults_and_replaced_whole(aws):
    arn = _policy(aws, shareDecaySeconds=60)
    found = aws("batch").describe_scheduling_policies(arns=[arn])["schedulingPolicies"][0]["fairsharePolicy"]
    assert (found["shareDecaySeconds"], found["computeReservation"]) == (60, 0)
    aws("batch").update_scheduling_policy(arn=arn, fairsharePolicy={"shareDistribution": [{"shareIdentifier": "x"}]})
    found = aws("batch").describe_scheduling_policies(arns=[arn])["schedulingPolicies"][0]["fairsharePolicy"]
    assert found == {
        "shareDecaySeconds": 0,
        "computeReservation": 0,
        "shareDistribution": [{"shareIdentifier": "x", "weightFactor": 1.0}],
    }


def test_weights_are_kept_as_32_bits(aws):
    arn = _policy(aws, shareDistribution=[{"shareIdentifier": "x", "weightFactor": 0.3333}])
    found = aws("batch").describe_scheduling_policies(arns=[arn])["schedulingPolicies"][0]["fairsharePolicy"]
    assert found["shareDistribution"] == [{"shareIdentifier": "x", "weightFactor": 0.33329999446868896}]
