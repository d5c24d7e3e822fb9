"""What RDS, and Batch and EC2 for instances, would refuse is found before it is sent."""

from __future__ import annotations

from typing import Any

import pytest

from scrapectl.aws.request_check import check_request

DATABASE: dict[str, Any] = {
    "DBInstanceIdentifier": "shop-results",
    "Engine": "postgres",
    "EngineVersion": "16",
    "DBInstanceClass": "db.t4g.micro",
    "AllocatedStorage": 20,
    "MaxAllocatedStorage": 100,
    "DBName": "results",
    "MasterUsername": "scrapectl",
    "ManageMasterUserPassword": True,
    "PreferredMaintenanceWindow": "sat:05:00-sat:06:00",
    "PreferredBackupWindow": "03:00-03:30",
    "BackupRetentionPeriod": 7,
}
ENVIRONMENT: dict[str, Any] = {
    "computeEnvironmentName": "shop-big",
    "type": "MANAGED",
    "computeResources": {
        "type": "SPOT",
        "allocationStrategy": "SPOT_PRICE_CAPACITY_OPTIMIZED",
        "maxvCpus": 16,
        "minvCpus": 0,
        "subnets": ["subnet-1"],
        "securityGroupIds": ["sg-1"],
        "instanceTypes": ["m7i"],
        "instanceRole": "arn:aws:iam::123456789012:instance-profile/x",
        "launchTemplate": {"launchTemplateName": "shop_instances", "version": "$Default"},
        "ec2Configuration": [{"imageType": "ECS_AL2023"}],
    },
}


def places(service: str, operation: str, params: dict[str, Any]) -> set[str]:
    return {problem.partition(": ")[0] for problem in check_request(service, operation, params)}


def test_what_is_right_passes():
    assert check_request("rds", "CreateDBInstance", DATABASE) == []
    assert check_request("batch", "CreateComputeEnvironment", ENVIRONMENT) == []


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"DBInstanceIdentifier": "shop--results"}, "DBInstanceIdentifier"),
        ({"DBInstanceIdentifier": "shop_results"}, "DBInstanceIdentifier"),
        ({"DBInstanceIdentifier": "Shop"}, "DBInstanceIdentifier"),
        ({"DBName": "with-hyphen"}, "DBName"),
        ({"Engine": "oracle"}, "Engine"),
        ({"AllocatedStorage": 19}, "AllocatedStorage"),
        ({"MaxAllocatedStorage": 21}, "MaxAllocatedStorage"),
        ({"BackupRetentionPeriod": 36}, "BackupRetentionPeriod"),
        ({"MasterUserPassword": "chosen by hand"}, "MasterUserPassword"),
        ({"MasterUsername": "admin"}, "MasterUsername"),
        ({"PreferredMaintenanceWindow": "05:00-06:00"}, "PreferredMaintenanceWindow"),
        ({"PreferredBackupWindow": "sat:05:00-sat:06:00"}, "PreferredBackupWindow"),
        ({"Port": 80}, "Port"),
        ({"MultiAZ": True, "AvailabilityZone": "us-east-1a"}, "AvailabilityZone"),
    ],
)
def test_a_database_that_aws_refuses(changes, place):
    assert places("rds", "CreateDBInstance", DATABASE | changes) == {place}


def test_admin_is_free_for_mysql():
    assert check_request("rds", "CreateDBInstance", DATABASE | {"Engine": "mysql", "MasterUsername": "admin"}) == []


def test_a_change_changes_something():
    nothing = {"DBInstanceIdentifier": "shop-results", "ApplyImmediately": True}
    assert check_request("rds", "ModifyDBInstance", nothing) == ["changes nothing"]
    assert check_request("rds", "ModifyDBInstance", nothing | {"AllocatedStorage": 40, "MaxAllocatedStorage": 40}) == []


@pytest.mark.parametrize(
    "ending",
    [{}, {"SkipFinalSnapshot": True, "FinalDBSnapshotIdentifier": "x"}, {"FinalDBSnapshotIdentifier": "x--final"}],
)
def test_the_end_of_a_database_is_with_a_snapshot_or_without(ending):
    wrong = {"DBInstanceIdentifier": "shop-results", **ending}
    assert places("rds", "DeleteDBInstance", wrong) == {"FinalDBSnapshotIdentifier"}


def test_a_subnet_group_has_two_subnets_and_a_name_in_small_letters():
    group = {"DBSubnetGroupName": "Databases", "DBSubnetGroupDescription": "x", "SubnetIds": ["subnet-1", "subnet-1"]}
    assert places("rds", "CreateDBSubnetGroup", group) == {"DBSubnetGroupName", "SubnetIds"}


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"instanceTypes": []}, "computeResources.instanceTypes"),
        ({"instanceRole": ""}, "computeResources.instanceRole"),
        ({"allocationStrategy": "BEST_FIT"}, "computeResources.spotIamFleetRole"),
        (
            {"launchTemplate": {"launchTemplateName": "x", "version": "newest"}},
            "computeResources.launchTemplate.version",
        ),
    ],
)
def test_an_environment_of_instances_that_aws_refuses(changes, place):
    resources = ENVIRONMENT["computeResources"] | changes
    assert places("batch", "CreateComputeEnvironment", ENVIRONMENT | {"computeResources": resources}) == {place}


def test_how_instances_are_replaced_is_said_later():
    policy = {"updatePolicy": {"jobExecutionTimeoutMinutes": 360}}
    assert "updatePolicy" in places("batch", "CreateComputeEnvironment", ENVIRONMENT | policy)
