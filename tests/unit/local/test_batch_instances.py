"""Compute environments of EC2 instances refuse, settle, turn INVALID and change as AWS's do."""

from __future__ import annotations

import pytest

ROLE = "arn:aws:iam::123456789012:role/instances-role"


@pytest.fixture
def one(aws):
    return lambda: aws("batch").describe_compute_environments()["computeEnvironments"][0]


def test_it_settles_and_is_read_back_with_defaults(instances, one):
    instances(without=["minvCpus"], tags={"Name": "scraper"})
    found = one()
    assert (found["status"], found["containerOrchestrationType"]) == ("VALID", "ECS")
    resources = found["computeResources"]
    assert (resources["minvCpus"], resources["desiredvCpus"], resources["tags"]) == (0, 0, {"Name": "scraper"})
    assert resources["ec2Configuration"] == [{"imageType": "ECS_AL2023"}]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"without": ["instanceTypes"]}, "instanceTypes is required"),
        ({"without": ["instanceRole"]}, "instanceRole is required"),
        ({"without": ["subnets"]}, "subnets is required"),
        ({"without": ["securityGroupIds"]}, "securityGroupIds is required"),
        ({"type": "SPOT", "allocationStrategy": "BEST_FIT"}, "spotIamFleetRole is required"),
        ({"allocationStrategy": "SPOT_CAPACITY_OPTIMIZED"}, "not valid for EC2"),
        ({"bidPercentage": 50}, "bidPercentage is for SPOT"),
        ({"minvCpus": 17}, "minvCpus"),
        ({"desiredvCpus": 17}, "desiredvCpus"),
        ({"instanceTypes": ["big"]}, "Instance type can only be one of"),
        ({"instanceTypes": ["m7i", "m7g.large"]}, "two architectures"),
        ({"instanceTypes": ["optimal", "c7gn"]}, "two architectures"),
        ({"ec2Configuration": [{"imageType": "ECS_AL2"}]}, "not supported for new"),
        ({"ec2Configuration": [{"imageType": "ECS_AL2023"}] * 3}, "between 1 and 2"),
        ({"launchTemplate": {"launchTemplateName": "a", "launchTemplateId": "lt-1"}}, "Exactly one"),
        ({"launchTemplate": {"launchTemplateName": "a", "version": "newest"}}, "launch template version"),
    ],
)
def test_what_create_refuses(aws, instances, refused, changes, words):
    with refused("ClientException", words):
        instances(**changes)
    assert aws("batch").describe_compute_environments()["computeEnvironments"] == []


def test_spot_needs_no_fleet_role_with_a_newer_strategy(instances, one):
    instances(type="SPOT", allocationStrategy="SPOT_PRICE_CAPACITY_OPTIMIZED", bidPercentage=80)
    assert one()["status"] == "VALID"


@pytest.mark.parametrize("profile_arn", ["none", ROLE, "arn:aws:iam::123456789012:instance-profile/other/instances"])
def test_a_profile_that_is_none_makes_it_invalid(instances, profile, one, profile_arn):
    profile()
    instances(instanceRole=profile_arn)
    found = one()
    assert (found["status"], found["statusReason"]) == (
        "INVALID",
        f"CLIENT_ERROR - Invalid IamInstanceProfile: {profile_arn}",
    )


def test_a_profile_without_a_role_or_with_another_services_makes_it_invalid(instances, aws, role, one):
    aws("iam").create_instance_profile(InstanceProfileName="p")
    instances(instanceRole="p")
    assert one()["status"] == "INVALID"
    role("tasks", "ecs-tasks.amazonaws.com")
    aws("iam").add_role_to_instance_profile(InstanceProfileName="p", RoleName="tasks")
    aws("batch").update_compute_environment(computeEnvironment="ce", computeResources={"maxvCpus": 16})
    assert one()["status"] != "VALID"


def test_a_fresh_profile_is_not_usable_at_once_and_a_repeated_update_mends_it(instances, aws, cloud, profile, one):
    arn = profile(settle=False)
    instances(instanceRole=arn)
    assert "Invalid IamInstanceProfile" in one()["statusReason"]
    aws("batch").update_compute_environment(computeEnvironment="ce", computeResources={"maxvCpus": 16})
    cloud.clock.advance(60)
    assert one()["status"] == "VALID"


def test_a_launch_template_must_be_there_in_that_version(instances, aws, cloud, one):
    template = {"launchTemplateName": "instances", "version": "$Default"}
    instances(launchTemplate=template)
    assert (one()["status"], "launch template" in one()["statusReason"]) == ("INVALID", True)
    data = {"MetadataOptions": {"HttpTokens": "required"}}
    aws("ec2").create_launch_template(LaunchTemplateName="instances", LaunchTemplateData=data)
    update = aws("batch").update_compute_environment
    update(computeEnvironment="ce", computeResources={"maxvCpus": 16, "launchTemplate": template})
    cloud.clock.advance(60)
    assert one()["status"] == "VALID"
    update(computeEnvironment="ce", computeResources={"launchTemplate": template | {"version": "7"}})
    cloud.clock.advance(60)
    assert one()["status"] == "INVALID"


def test_what_can_be_changed_in_place(instances, aws, cloud, one, refused):
    instances()
    update = aws("batch").update_compute_environment
    changed = {"type": "SPOT", "allocationStrategy": "SPOT_PRICE_CAPACITY_OPTIMIZED", "instanceTypes": ["c7i", "m7i"]}
    update(computeEnvironment="ce", computeResources=changed, updatePolicy={"terminateJobsOnUpdate": False})
    cloud.clock.advance(60)
    assert changed.items() <= one()["computeResources"].items()
    with refused("ClientException", "two architectures"):
        update(computeEnvironment="ce", computeResources={"instanceTypes": ["m7g", "m7i"]})
    with refused("ClientException", "Cannot change the type"):
        update(computeEnvironment="ce", computeResources={"type": "FARGATE"})
    with refused("ClientException", "minvCpus"):
        update(computeEnvironment="ce", computeResources={"minvCpus": 20})
    update(computeEnvironment="ce", computeResources={"minvCpus": 4})
    assert one()["computeResources"]["desiredvCpus"] == 4


def test_an_old_strategy_keeps_its_instances(instances, aws, cloud, refused):
    instances(allocationStrategy="BEST_FIT")
    update = aws("batch").update_compute_environment
    with refused("ClientException", "Cannot update instanceTypes"):
        update(computeEnvironment="ce", computeResources={"instanceTypes": ["c7i"]})
    update(computeEnvironment="ce", computeResources={"maxvCpus": 32})
    cloud.clock.advance(60)


def test_a_queue_has_one_architecture(instances, aws, refused):
    instances("a")
    instances("b", instanceTypes=["m7g"])
    order = [{"order": number, "computeEnvironment": name} for number, name in enumerate("ab")]
    with refused("ClientException", "same architecture"):
        aws("batch").create_job_queue(jobQueueName="q", priority=1, computeEnvironmentOrder=order)


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ({"reason": "TIRED"}, "reason is not valid"),
        ({"state": "RUNNING"}, "RUNNABLE"),
        ({"action": "TERMINATE"}, "CANCEL"),
        ({"maxTimeSeconds": 599}, "maxTimeSeconds"),
    ],
)
def test_limits_are_those_that_aws_knows(queue, refused, limit, words):
    good = {
        "reason": "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
        "state": "RUNNABLE",
        "maxTimeSeconds": 600,
        "action": "CANCEL",
    }
    with refused("ClientException", words):
        queue(jobStateTimeLimitActions=[good | limit])
    with refused("ClientException", "twice"):
        queue(jobStateTimeLimitActions=[good, good])


def test_profiles_hold_one_role_and_their_names_are_alike_in_any_case(profile, aws, role, refused):
    profile("Instances")
    with refused("EntityAlreadyExists"):
        aws("iam").create_instance_profile(InstanceProfileName="instances")
    role("second", "ec2.amazonaws.com")
    with refused("LimitExceeded"):
        aws("iam").add_role_to_instance_profile(InstanceProfileName="Instances", RoleName="second")
    with refused("DeleteConflict"):
        aws("iam").delete_instance_profile(InstanceProfileName="Instances")
    with refused("DeleteConflict"):
        aws("iam").delete_role(RoleName="Instances-role")
    aws("iam").remove_role_from_instance_profile(InstanceProfileName="Instances", RoleName="Instances-role")
    aws("iam").delete_instance_profile(InstanceProfileName="Instances")


def _on_ec2(vcpus="2", memory="4096", **container):
    sizes = [{"type": "VCPU", "value": vcpus}, {"type": "MEMORY", "value": memory}]
    properties = {"image": "scraper", "resourceRequirements": [s for s in sizes if s["value"]]} | container
    return {
        "jobDefinitionName": "job",
        "type": "container",
        "platformCapabilities": ["EC2"],
        "containerProperties": properties,
    }


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vcpus": "0.5"}, "whole number"),
        ({"memory": "2"}, "whole number, 4"),
        ({"vcpus": None}, "type VCPU"),
        ({"ephemeralStorage": {"sizeInGiB": 50}}, "ephemeralStorage is not applicable for EC2"),
        ({"networkConfiguration": {"assignPublicIp": "ENABLED"}}, "networkConfiguration is not applicable for EC2"),
        ({"runtimePlatform": {"cpuArchitecture": "ARM64"}}, "runtimePlatform is not applicable for EC2"),
        ({"fargatePlatformConfiguration": {"platformVersion": "LATEST"}}, "not applicable for EC2"),
    ],
)
def test_what_a_definition_for_instances_may_not_hold(aws, refused, changes, words):
    with refused("ClientException", words):
        aws("batch").register_job_definition(**_on_ec2(**changes))


def test_a_definition_for_instances_needs_no_execution_role_and_no_size_of_fargates(aws, instances, queue, refused):
    instances()
    queue()
    aws("batch").register_job_definition(**_on_ec2(vcpus="3", memory="5000"))
    submit = aws("batch").submit_job
    assert submit(jobName="j", jobQueue="queue", jobDefinition="job")["jobId"]
    with refused("ClientException", "whole number"):
        wrong = {"resourceRequirements": [{"type": "VCPU", "value": "0.25"}]}
        submit(jobName="j", jobQueue="queue", jobDefinition="job", containerOverrides=wrong)
