"""Clusters and serverless warehouses take their time, change one thing at a time, and refuse what AWS refuses."""

from __future__ import annotations

import pytest

CLUSTER = {
    "ClusterIdentifier": "lake",
    "NodeType": "ra3.large",
    "ClusterType": "multi-node",
    "NumberOfNodes": 2,
    "MasterUsername": "keeper",
    "ManageMasterPassword": True,
    "IamRoles": ["arn:aws:iam::123456789012:role/copies"],
}
OTHER = "arn:aws:iam::123456789012:role/others"


@pytest.fixture
def redshift(aws):
    return aws("redshift")


@pytest.fixture
def serverless(aws):
    return aws("redshift-serverless")


@pytest.fixture
def one(redshift):
    return lambda: redshift.describe_clusters(ClusterIdentifier="lake")["Clusters"][0]


@pytest.fixture
def standing(redshift, cloud):
    redshift.create_cluster(**CLUSTER)
    cloud.clock.advance(500)


def test_a_cluster_takes_minutes_and_its_roles_a_moment_more(redshift, one, cloud):
    made = redshift.create_cluster(**CLUSTER)["Cluster"]
    assert (made["ClusterStatus"], made["IamRoles"][0]["ApplyStatus"]) == ("creating", "adding")
    assert made["MasterPasswordSecretArn"].partition(":secret:")[2].startswith("redshift!lake-keeper-")
    cloud.clock.advance(425)
    assert (one()["ClusterStatus"], one()["IamRoles"][0]["ApplyStatus"]) == ("available", "adding")
    assert one()["Endpoint"]["Port"] == 5439
    cloud.clock.advance(15)
    assert one()["IamRoles"][0]["ApplyStatus"] == "in-sync"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ClusterIdentifier": "two--dashes"}, "InvalidParameterValue"),
        ({"NodeType": "m5.large"}, "InvalidParameterValue"),
        ({"NumberOfNodes": 1}, "InvalidParameterCombination"),
        ({"ClusterType": "single-node"}, "InvalidParameterCombination"),
        ({"MasterUserPassword": "Secret-1-Secret"}, "InvalidParameterCombination"),
        ({"MasterUsername": "user"}, "InvalidParameterValue"),
        ({"Port": 5430}, "InvalidParameterValue"),
        ({"ClusterSubnetGroupName": "none"}, "ClusterSubnetGroupNotFoundFault"),
        ({"VpcSecurityGroupIds": ["sg-00000000"]}, "InvalidVPCNetworkStateFault"),
    ],
)
def test_what_create_cluster_refuses(redshift, refused, changes, code):
    with refused(code):
        redshift.create_cluster(**CLUSTER | changes)


def test_one_change_at_a_time(redshift, one, cloud, standing, refused):
    redshift.modify_cluster(ClusterIdentifier="lake", PubliclyAccessible=True)
    assert one()["PendingModifiedValues"] == {"PubliclyAccessible": True}
    with refused("InvalidClusterState", "There is an operation running on the Cluster"):
        redshift.modify_cluster(ClusterIdentifier="lake", NodeType="ra3.xlplus", NumberOfNodes=2)
    cloud.clock.advance(130)
    assert (one()["PubliclyAccessible"], one()["ClusterStatus"]) == (True, "available")
    with refused("InvalidParameterCombination"):
        redshift.modify_cluster(
            ClusterIdentifier="lake", PubliclyAccessible=False, NodeType="ra3.xlplus", NumberOfNodes=2
        )


def test_roles_are_attached_and_detached_in_time(redshift, one, cloud, standing):
    redshift.modify_cluster_iam_roles(ClusterIdentifier="lake", AddIamRoles=[OTHER], RemoveIamRoles=CLUSTER["IamRoles"])
    assert {role["ApplyStatus"] for role in one()["IamRoles"]} == {"adding", "removing"}
    cloud.clock.advance(20)
    assert one()["IamRoles"] == [{"IamRoleArn": OTHER, "ApplyStatus": "in-sync"}]


def test_a_cluster_ends_with_its_password_and_leaves_a_snapshot(redshift, cloud, standing, refused, aws):
    with refused("InvalidParameterCombination"):
        redshift.delete_cluster(ClusterIdentifier="lake")
    redshift.delete_cluster(ClusterIdentifier="lake", FinalClusterSnapshotIdentifier="lake-final")
    with refused("InvalidClusterState"):
        redshift.delete_cluster(ClusterIdentifier="lake", SkipFinalClusterSnapshot=True)
    cloud.clock.advance(200)
    with refused("ClusterNotFound"):
        redshift.describe_clusters(ClusterIdentifier="lake")
    (kept,) = redshift.describe_cluster_snapshots(ClusterIdentifier="lake")["Snapshots"]
    assert kept["SnapshotIdentifier"] == "lake-final"
    assert aws("secretsmanager").list_secrets()["SecretList"] == []


def test_a_subnet_group_stays_while_a_cluster_is_in_it(redshift, network, cloud, refused):
    group = {"ClusterSubnetGroupName": "lakes", "Description": "d", "SubnetIds": network["subnets"]}
    redshift.create_cluster_subnet_group(**group)
    redshift.create_cluster(**CLUSTER | {"ClusterSubnetGroupName": "lakes"})
    with refused("ClusterSubnetGroupAlreadyExists"):
        redshift.create_cluster_subnet_group(**group)
    with refused("InvalidClusterSubnetGroupStateFault"):
        redshift.delete_cluster_subnet_group(ClusterSubnetGroupName="lakes")


def test_a_workgroup_takes_minutes_and_one_parameter_a_call(serverless, cloud, refused):
    serverless.create_namespace(namespaceName="lake", manageAdminPassword=True)
    made = serverless.create_workgroup(workgroupName="lake", namespaceName="lake", baseCapacity=8)["workgroup"]
    assert (made["status"], "endpoint" in made) == ("CREATING", False)
    with refused("ConflictException", "There is an operation running"):
        serverless.update_workgroup(workgroupName="lake", baseCapacity=16)
    cloud.clock.advance(200)
    with refused("ValidationException", "multiple parameters"):
        serverless.update_workgroup(workgroupName="lake", baseCapacity=16, publiclyAccessible=True)
    assert serverless.update_workgroup(workgroupName="lake", baseCapacity=16)["workgroup"]["status"] == "MODIFYING"
    with refused("ConflictException", "There is an operation running"):
        serverless.update_namespace(namespaceName="lake", iamRoles=[OTHER])
    cloud.clock.advance(70)
    assert serverless.get_workgroup(workgroupName="lake")["workgroup"]["baseCapacity"] == 16
    with refused("ConflictException", "workgroup associated"):
        serverless.delete_namespace(namespaceName="lake")


def test_what_redshift_serverless_refuses(serverless, network, refused):
    serverless.create_namespace(namespaceName="lake", manageAdminPassword=True)
    with refused("ConflictException", "already exists"):
        serverless.create_namespace(namespaceName="lake")
    with refused("ValidationException", "Base capacity"):
        serverless.create_workgroup(workgroupName="lake", namespaceName="lake", baseCapacity=12)
    with refused("ValidationException", "3 Availability Zones"):
        serverless.create_workgroup(workgroupName="lake", namespaceName="lake", subnetIds=network["subnets"])
    with refused("ResourceNotFoundException"):
        serverless.create_workgroup(workgroupName="lake", namespaceName="none")
    with refused("ValidationException", "adminUserPassword"):
        serverless.create_namespace(namespaceName="two", manageAdminPassword=True, adminUserPassword="Secret-1-Secret")


def test_roles_of_a_namespace_are_told_as_aws_tells_them(serverless, cloud):
    made = serverless.create_namespace(namespaceName="lake", iamRoles=[OTHER])["namespace"]
    assert made["iamRoles"] == [f"IamRole(applyStatus=adding, iamRoleArn={OTHER})"]
    cloud.clock.advance(20)
    found = serverless.get_namespace(namespaceName="lake")["namespace"]
    assert found["iamRoles"] == [f"IamRole(applyStatus=in-sync, iamRoleArn={OTHER})"]
