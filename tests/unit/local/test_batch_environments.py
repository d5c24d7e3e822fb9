"""Compute environments settle, turn INVALID and refuse as AWS's do."""

from __future__ import annotations

import pytest


def _one(aws):
    return aws("batch").describe_compute_environments()["computeEnvironments"][0]


def _create(aws, network, name="ce", kind="MANAGED", state="ENABLED", role=None, **resources):
    fields = {"serviceRole": role} if role else {}
    return aws("batch").create_compute_environment(
        computeEnvironmentName=name,
        type=kind,
        state=state,
        computeResources={"type": "FARGATE", "maxvCpus": 4} | network | resources,
        **fields,
    )


def test_creating_takes_time_and_ends_valid(aws, cloud, network):
    _create(aws, network)
    assert _one(aws)["status"] == "CREATING"
    cloud.clock.advance(14)
    assert _one(aws)["status"] == "CREATING"
    cloud.clock.advance(2)
    found = _one(aws)
    assert (found["status"], found["state"]) == ("VALID", "ENABLED")
    assert found["serviceRole"].endswith("/AWSServiceRoleForBatch")
    assert found["computeResources"]["instanceTypes"] == []


def test_the_name_is_taken_until_the_deletion_has_ended(aws, cloud, network, environment, refused):
    environment()
    with refused("ClientException", "Object already exists"):
        _create(aws, network)
    aws("batch").update_compute_environment(computeEnvironment="ce", state="DISABLED")
    cloud.clock.advance(20)
    aws("batch").delete_compute_environment(computeEnvironment="ce")
    assert _one(aws)["status"] == "DELETING"
    with refused("ClientException", "Object already exists"):
        _create(aws, network)
    cloud.clock.advance(31)
    assert aws("batch").describe_compute_environments()["computeEnvironments"] == []
    _create(aws, network)


def test_it_must_be_created_enabled(aws, network, refused):
    with refused("ClientException", "must be created in ENABLED state"):
        _create(aws, network, state="DISABLED")


@pytest.mark.parametrize("name", ["-x", "a.b", "x" * 129, "a b"])
def test_bad_names(aws, network, refused, name):
    with refused("ClientException"):
        _create(aws, network, name=name)


NOT_FOR_FARGATE = {
    "allocationStrategy": "BEST_FIT",
    "bidPercentage": 50,
    "desiredvCpus": 1,
    "minvCpus": 0,
    "ec2KeyPair": "k",
    "imageId": "ami",
    "instanceRole": "r",
    "instanceTypes": ["m5"],
    "placementGroup": "p",
    "spotIamFleetRole": "r",
    "tags": {"a": "b"},
    "launchTemplate": {"launchTemplateId": "lt"},
    "ec2Configuration": [{"imageType": "ECS_AL2023"}],
}


@pytest.mark.parametrize("field", sorted(NOT_FOR_FARGATE))
def test_fields_that_fargate_does_not_take(aws, network, refused, field):
    with refused("ClientException", f"{field} is not applicable for Fargate"):
        _create(aws, network, **{field: NOT_FOR_FARGATE[field]})


def test_fargate_needs_a_network(aws, network, refused):
    with refused("ClientException", "subnets"):
        _create(aws, network, subnets=[])
    with refused("ClientException", "MANAGED"):
        _create(aws, network, kind="UNMANAGED")


@pytest.mark.parametrize("wrong", [{"subnets": ["subnet-0123"]}, {"securityGroupIds": ["sg-0123"]}])
def test_a_network_that_does_not_exist_makes_it_invalid(aws, cloud, network, wrong):
    _create(aws, network, **wrong)
    cloud.clock.advance(60)
    assert _one(aws)["status"] == "INVALID"
    assert "does not exist" in _one(aws)["statusReason"]


def test_a_role_too_fresh_makes_it_invalid_and_another_update_mends_it(aws, cloud, network, role):
    arn = role("batch-role", "batch.amazonaws.com", settle=False)
    _create(aws, network, role=arn)
    cloud.clock.advance(60)
    assert (_one(aws)["status"], "sts:AssumeRole" in _one(aws)["statusReason"]) == ("INVALID", True)
    aws("batch").update_compute_environment(computeEnvironment="ce", computeResources={"maxvCpus": 4})
    assert _one(aws)["status"] == "UPDATING"
    cloud.clock.advance(60)
    assert _one(aws)["status"] == "VALID"


def test_nothing_may_be_changed_while_it_moves(aws, network, refused):
    _create(aws, network)
    with refused("ClientException", "is being modified"):
        aws("batch").update_compute_environment(computeEnvironment="ce", state="DISABLED")
    with refused("ClientException", "is being modified"):
        aws("batch").delete_compute_environment(computeEnvironment="ce")


def test_updates_of_fargate(aws, cloud, environment, network, refused):
    environment()
    change = aws("batch").update_compute_environment
    change(computeEnvironment="ce", computeResources={"maxvCpus": 9, "subnets": []})
    found = _one(aws)["computeResources"]
    assert (found["maxvCpus"], found["subnets"]) == (9, network["subnets"])
    cloud.clock.advance(60)
    with refused("ClientException", "Cannot change the type"):
        change(computeEnvironment="ce", computeResources={"type": "FARGATE_SPOT", "maxvCpus": 9})
    with refused("ClientException", "service role"):
        change(computeEnvironment="ce", serviceRole="arn:aws:iam::123456789012:role/other")
    with refused("ClientException", "does not exist"):
        change(computeEnvironment="none", state="DISABLED")


def test_deletion_needs_it_disabled_and_detached(aws, cloud, queue, refused):
    queue()
    delete = aws("batch").delete_compute_environment
    with refused("ClientException", "Cannot delete an enabled compute environment"):
        delete(computeEnvironment="ce")
    aws("batch").update_compute_environment(computeEnvironment="ce", state="DISABLED")
    cloud.clock.advance(60)
    with refused("ClientException", "found existing JobQueue relationship"):
        delete(computeEnvironment="ce")


def test_an_environment_still_counts_as_attached_while_the_queue_moves(aws, cloud, queue, environment, refused):
    queue()
    environment("other")
    order = [{"order": 1, "computeEnvironment": "other"}]
    aws("batch").update_compute_environment(computeEnvironment="ce", state="DISABLED")
    cloud.clock.advance(60)
    aws("batch").update_job_queue(jobQueue="queue", computeEnvironmentOrder=order)
    with refused("ClientException", "found existing JobQueue relationship"):
        aws("batch").delete_compute_environment(computeEnvironment="ce")
    cloud.clock.advance(60)
    aws("batch").delete_compute_environment(computeEnvironment="ce")


def test_unknown_names_are_described_as_nothing(aws):
    found = aws("batch").describe_compute_environments(computeEnvironments=["none"])
    assert found["computeEnvironments"] == []


def test_pages(aws, environment):
    for name in ("a", "b", "c"):
        environment(name)
    first = aws("batch").describe_compute_environments(maxResults=2)
    second = aws("batch").describe_compute_environments(maxResults=2, nextToken=first["nextToken"])
    names = [e["computeEnvironmentName"] for e in first["computeEnvironments"] + second["computeEnvironments"]]
    assert (names, second.get("nextToken")) == (["a", "b", "c"], None)
