"""EFS of the embedded cloud refuses what AWS refuses, and takes its time."""

from __future__ import annotations

import json

import pytest

from scrapectl.local.services.efs.folders import root_of

DAY = 86_400


@pytest.fixture
def efs(aws):
    return aws("efs")


@pytest.fixture
def system(cloud, efs):
    made = efs.create_file_system(CreationToken="work", Encrypted=True, ThroughputMode="elastic")["FileSystemId"]
    cloud.clock.advance(30)
    return made


def state(efs, system):
    return efs.describe_file_systems(FileSystemId=system)["FileSystems"][0]["LifeCycleState"]


def test_a_token_is_used_once(efs, system, refused):
    with refused("FileSystemAlreadyExists", system):
        efs.create_file_system(CreationToken="work", Encrypted=True)


def test_nothing_is_done_with_one_that_is_being_made(efs, cloud, network, refused):
    made = efs.create_file_system(CreationToken="new", Encrypted=True)["FileSystemId"]
    assert state(efs, made) == "creating"
    with refused("IncorrectFileSystemLifeCycleState"):
        efs.create_mount_target(FileSystemId=made, SubnetId=network["subnets"][0])
    with refused("IncorrectFileSystemLifeCycleState"):
        efs.put_lifecycle_configuration(FileSystemId=made, LifecyclePolicies=[])
    cloud.clock.advance(30)
    assert state(efs, made) == "available"


def test_a_zone_has_one_mount_target(efs, system, network, cloud, refused):
    first, second = network["subnets"]
    target = efs.create_mount_target(FileSystemId=system, SubnetId=first)
    assert target["LifeCycleState"] == "creating"
    with refused("MountTargetConflict", "already exists in this AZ"):
        efs.create_mount_target(FileSystemId=system, SubnetId=first)
    efs.create_mount_target(FileSystemId=system, SubnetId=second)
    cloud.clock.advance(100)
    found = efs.describe_mount_targets(FileSystemId=system)["MountTargets"]
    assert {one["LifeCycleState"] for one in found} == {"available"}


def test_it_goes_only_once_its_mount_targets_have_gone(efs, aws, system, network, cloud, refused):
    target = efs.create_mount_target(FileSystemId=system, SubnetId=network["subnets"][0])
    cloud.clock.advance(100)
    with refused("FileSystemInUse"):
        efs.delete_file_system(FileSystemId=system)
    efs.delete_mount_target(MountTargetId=target["MountTargetId"])
    with refused("FileSystemInUse"):
        efs.delete_file_system(FileSystemId=system)
    with refused("IncorrectMountTargetState"):
        efs.modify_mount_target_security_groups(MountTargetId=target["MountTargetId"], SecurityGroups=[])
    cloud.clock.advance(100)
    interfaces = aws("ec2").describe_network_interfaces()["NetworkInterfaces"]
    efs.delete_file_system(FileSystemId=system)
    cloud.clock.advance(30)
    with refused("FileSystemNotFound"):
        efs.describe_file_systems(FileSystemId=system)
    assert not [one for one in interfaces if "EFS mount target" in one["Description"]]


def test_a_mount_target_holds_its_group_and_its_subnet(efs, aws, system, network, refused):
    subnet = network["subnets"][0]
    vpc = aws("ec2").describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"]
    group = aws("ec2").create_security_group(GroupName="nfs", Description="nfs", VpcId=vpc)["GroupId"]
    efs.create_mount_target(FileSystemId=system, SubnetId=subnet, SecurityGroups=[group])
    with refused("DependencyViolation"):
        aws("ec2").delete_security_group(GroupId=group)
    with refused("DependencyViolation"):
        aws("ec2").delete_subnet(SubnetId=subnet)


def test_throughput_goes_up_at_any_time_and_down_once_a_day(efs, system, cloud, refused):
    def change(**params):
        answer = efs.update_file_system(FileSystemId=system, **params)
        assert answer["LifeCycleState"] == "updating"
        cloud.clock.advance(30)

    change(ThroughputMode="provisioned", ProvisionedThroughputInMibps=8.0)
    change(ThroughputMode="provisioned", ProvisionedThroughputInMibps=16.0)
    with refused("TooManyRequests", "24 hours"):
        efs.update_file_system(FileSystemId=system, ThroughputMode="provisioned", ProvisionedThroughputInMibps=4.0)
    with refused("TooManyRequests", "24 hours"):
        efs.update_file_system(FileSystemId=system, ThroughputMode="elastic")
    cloud.clock.advance(DAY)
    change(ThroughputMode="elastic")
    with refused("BadRequest"):
        efs.update_file_system(FileSystemId=system, ThroughputMode="elastic", ProvisionedThroughputInMibps=4.0)


def test_an_access_points_token_makes_it_once(efs, system, refused):
    made = {"ClientToken": "data", "FileSystemId": system, "PosixUser": {"Uid": 1, "Gid": 1}}
    first = efs.create_access_point(**made)["AccessPointId"]
    assert efs.create_access_point(**made)["AccessPointId"] == first
    with refused("AccessPointAlreadyExists"):
        efs.create_access_point(**made | {"PosixUser": {"Uid": 2, "Gid": 2}})


def test_one_transition_in_each_policy_object(efs, system, refused):
    both = {"TransitionToIA": "AFTER_7_DAYS", "TransitionToPrimaryStorageClass": "AFTER_1_ACCESS"}
    with refused("BadRequest", "malformed"):
        efs.put_lifecycle_configuration(FileSystemId=system, LifecyclePolicies=[both])
    parts = [{name: value} for name, value in both.items()]
    efs.put_lifecycle_configuration(FileSystemId=system, LifecyclePolicies=parts)
    assert efs.describe_lifecycle_configuration(FileSystemId=system)["LifecyclePolicies"] == parts


def test_a_policy_is_of_this_file_system_or_none(efs, system, refused):
    with refused("PolicyNotFound"):
        efs.describe_file_system_policy(FileSystemId=system)
    statement = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "*", "Resource": "arn:aws:s3:::other"}
    with refused("InvalidPolicyException"):
        efs.put_file_system_policy(FileSystemId=system, Policy=json.dumps({"Statement": [statement]}))


def test_the_size_is_metered_as_efs_does(efs, cloud, system):

    def size():
        return efs.describe_file_systems(FileSystemId=system)["FileSystems"][0]["SizeInBytes"]["Value"]

    assert size() == 6144
    (root_of(cloud, system) / "a").write_text("x")
    assert size() == 2 * 6144
