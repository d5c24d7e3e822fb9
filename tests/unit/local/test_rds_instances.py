"""DB instances are checked, made, described and deleted as AWS does it."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

GOOD = {
    "DBInstanceIdentifier": "shop-results",
    "Engine": "postgres",
    "EngineVersion": "16",
    "DBInstanceClass": "db.t4g.micro",
    "AllocatedStorage": 20,
    "StorageType": "gp3",
    "DBName": "results",
    "MasterUsername": "results",
    "ManageMasterUserPassword": True,
    "DBSubnetGroupName": "shop-databases",
    "PubliclyAccessible": False,
    "BackupRetentionPeriod": 7,
    "StorageEncrypted": True,
}


@pytest.fixture
def rds(aws, network):
    client = aws("rds")
    client.create_db_subnet_group(
        DBSubnetGroupName="shop-databases", DBSubnetGroupDescription="d", SubnetIds=network["subnets"]
    )
    return client


@pytest.fixture
def create(rds):
    def make(without=(), **changes):
        wanted = {key: value for key, value in (GOOD | changes).items() if key not in without}
        return rds.create_db_instance(**wanted)["DBInstance"]

    return make


@pytest.fixture
def one(rds):
    return lambda name="shop-results": rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]


def test_creating_takes_minutes_and_ends_available(create, one, cloud):
    made = create()
    assert (made["DBInstanceStatus"], made["EngineVersion"]) == ("creating", "16.13")
    assert "Endpoint" not in made
    assert made["MasterUserSecret"]["SecretStatus"] == "creating"
    cloud.clock.advance(300)
    assert one()["DBInstanceStatus"] == "backing-up"
    cloud.clock.advance(130)
    found = one()
    assert found["DBInstanceStatus"] == "available"
    assert found["Endpoint"]["Address"] == "127.0.0.1"
    assert found["DBInstanceArn"] == "arn:aws:rds:us-east-1:123456789012:db:shop-results"
    assert found["DBSubnetGroup"]["DBSubnetGroupName"] == "shop-databases"
    assert found["PendingModifiedValues"] == {}
    assert found["MasterUserSecret"]["SecretStatus"] == "active"
    assert found["KmsKeyId"]


def test_the_identifier_is_stored_in_lower_case_and_taken_until_it_is_gone(create, rds, cloud, refused):
    assert create(DBInstanceIdentifier="Shop-Results")["DBInstanceIdentifier"] == "shop-results"
    with refused("DBInstanceAlreadyExists"):
        create()
    cloud.clock.advance(500)
    rds.delete_db_instance(DBInstanceIdentifier="SHOP-results", SkipFinalSnapshot=True)
    with refused("DBInstanceAlreadyExists"):
        create()
    cloud.clock.advance(160)
    with refused("DBInstanceNotFound", "shop-results"):
        rds.describe_db_instances(DBInstanceIdentifier="shop-results")
    create()


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"DBInstanceIdentifier": "1shop"}, "InvalidParameterValue", "not a valid identifier"),
        ({"DBInstanceIdentifier": "shop--x"}, "InvalidParameterValue", "not a valid identifier"),
        ({"DBInstanceIdentifier": "shop-"}, "InvalidParameterValue", "not a valid identifier"),
        ({"DBInstanceIdentifier": "a" * 64}, "InvalidParameterValue", "not a valid identifier"),
        ({"Engine": "oracle"}, "InvalidParameterValue", "Invalid DB engine"),
        ({"EngineVersion": "99"}, "InvalidParameterCombination", "Cannot find version 99 for postgres"),
        ({"EngineVersion": "16.99"}, "InvalidParameterCombination", "Cannot find version"),
        ({"DBInstanceClass": "db.huge"}, "InvalidParameterValue", "Invalid DB Instance class"),
        ({"DBInstanceClass": "t4g.micro"}, "InvalidParameterValue", "Invalid DB Instance class"),
        ({"DBInstanceClass": "db.m7g.micro"}, "InvalidParameterCombination", "following combination"),
        ({"AllocatedStorage": 5}, "InvalidParameterValue", "Invalid storage size"),
        ({"StorageType": "tape"}, "InvalidParameterValue", "Invalid storage type"),
        ({"MaxAllocatedStorage": 21}, "InvalidParameterCombination", "at least 10%"),
        ({"Iops": 3000}, "InvalidParameterCombination", "less than 400"),
        ({"MasterUsername": "admin"}, "InvalidParameterValue", "reserved word"),
        ({"MasterUsername": "1st"}, "InvalidParameterValue", "MasterUsername"),
        ({"DBName": "my-db"}, "InvalidParameterValue", "DBName"),
        ({"DBName": "db"}, "InvalidParameterValue", "reserved"),
        ({"MasterUserPassword": "long-enough"}, "InvalidParameterCombination", "ManageMasterUserPassword"),
        ({"BackupRetentionPeriod": 36}, "InvalidParameterValue", "between 0 and 35"),
        ({"Port": 80}, "InvalidParameterValue", "1150-65535"),
        ({"PreferredBackupWindow": "7:00-8:00"}, "InvalidParameterValue", "backup window format"),
        ({"PreferredBackupWindow": "07:00-07:20"}, "InvalidParameterValue", "at least 30 minutes"),
        ({"PreferredMaintenanceWindow": "07:00-08:00"}, "InvalidParameterValue", "maintenance window format"),
        (
            {"PreferredBackupWindow": "04:45-05:15", "PreferredMaintenanceWindow": "sat:05:00-sat:06:00"},
            "InvalidParameterCombination",
            "must not overlap",
        ),
        (
            {"PreferredBackupWindow": "05:45-06:15", "PreferredMaintenanceWindow": "sun:23:30-mon:06:00"},
            "InvalidParameterCombination",
            "must not overlap",
        ),
        ({"MultiAZ": True, "AvailabilityZone": "us-east-1a"}, "InvalidParameterCombination", "Multi-AZ"),
        ({"DBSubnetGroupName": "none"}, "DBSubnetGroupNotFoundFault", "does not exist"),
        ({"VpcSecurityGroupIds": ["sg-00000000"]}, "InvalidParameterValue", "sg-00000000"),
        ({"Tags": [{"Key": "aws:x", "Value": "y"}]}, "InvalidParameterValue", "aws:"),
        ({"DBClusterIdentifier": "c"}, "NotImplemented", "DBClusterIdentifier"),
    ],
)
def test_what_create_refuses(create, rds, refused, changes, code, words):
    with refused(code, words):
        create(**changes)
    assert rds.describe_db_instances()["DBInstances"] == []


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short", "shorter than 8"),
        ("with/slash", "printable ASCII"),
        ("with space", "printable"),
        ("x" * 129, "longer"),
    ],
)
def test_what_a_password_must_be(create, refused, password, words):
    with refused("InvalidParameterValue", words):
        create(without=["ManageMasterUserPassword"], MasterUserPassword=password)


def test_mysql_has_rules_of_its_own(create, refused):
    mysql = {"Engine": "mysql", "EngineVersion": "8.0"}
    for changes in ({"MasterUsername": "u" * 33}, {"DBName": "_results"}, {"MasterUsername": "rdsadmin"}):
        with refused("InvalidParameterValue"):
            create(**mysql, **changes)
    assert create(**mysql)["EngineVersion"] == "8.0.45"
    assert create(**mysql | {"EngineVersion": "8.0.36"}, DBInstanceIdentifier="b")["EngineVersion"] == "8.0.36"


def test_without_a_subnet_group_the_default_vpc_does(create, one, cloud):
    create(without=["DBSubnetGroupName"])
    cloud.clock.advance(500)
    assert one()["DBSubnetGroup"]["DBSubnetGroupName"] == "default"


def test_groups_must_be_of_the_subnets_vpc(create, aws, refused):
    other = aws("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    group = aws("ec2").create_security_group(GroupName="g", Description="d", VpcId=other)["GroupId"]
    with refused("InvalidParameterCombination", "different VPCs"):
        create(VpcSecurityGroupIds=[group])


def test_a_public_one_needs_a_way_out(create, aws, rds, refused):
    vpc = aws("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        aws("ec2").create_subnet(VpcId=vpc, CidrBlock=f"10.9.{n}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]
        for n, zone in enumerate("ab")
    ]
    ids = [subnet["SubnetId"] for subnet in subnets]
    rds.create_db_subnet_group(DBSubnetGroupName="closed", DBSubnetGroupDescription="d", SubnetIds=ids)
    with refused("InvalidVPCNetworkStateFault", "no internet gateway"):
        create(DBSubnetGroupName="closed", PubliclyAccessible=True)


def test_the_password_lies_in_a_secret_that_rds_owns(create, rds, aws, cloud, refused):
    arn = create()["MasterUserSecret"]["SecretArn"]
    assert ":secret:rds!db-" in arn
    value = json.loads(aws("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])
    assert value["username"] == "results"
    assert len(value["password"]) >= 20
    assert cloud.secret_value(f"{arn}:password::") == value["password"]
    assert aws("secretsmanager").describe_secret(SecretId=arn)["OwningService"] == "rds"
    with refused("InvalidRequestException", "managed by rds"):
        aws("secretsmanager").delete_secret(SecretId=arn)
    with refused("InvalidRequestException", "managed by rds"):
        aws("secretsmanager").put_secret_value(SecretId=arn, SecretString="mine")
    rds.delete_db_instance(DBInstanceIdentifier="shop-results", SkipFinalSnapshot=True)
    cloud.clock.advance(160)
    rds.describe_db_instances()
    with refused("ResourceNotFoundException"):
        aws("secretsmanager").get_secret_value(SecretId=arn)


def test_tags_are_given_changed_listed_and_found(create, rds, aws, cloud, refused):
    arn = create(Tags=[{"Key": "a", "Value": "1"}])["DBInstanceArn"]
    rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}])
    rds.remove_tags_from_resource(ResourceName=arn, TagKeys=["b", "none"])
    assert rds.list_tags_for_resource(ResourceName=arn)["TagList"] == [{"Key": "a", "Value": "2"}]
    with refused("DBInstanceNotFound"):
        rds.list_tags_for_resource(ResourceName=arn + "x")
    aws("resourcegroupstaggingapi").get_resources()
    cloud.clock.advance(60)
    wanted = {"TagFilters": [{"Key": "a", "Values": ["2"]}], "ResourceTypeFilters": ["rds:db"]}
    found = aws("resourcegroupstaggingapi").get_resources(**wanted)["ResourceTagMappingList"]
    assert [row["ResourceARN"] for row in found] == [arn]


def test_listing_filters_and_pages(create, rds, refused):
    for name in ("a", "b", "c"):
        create(DBInstanceIdentifier=name)
    pages = list(rds.get_paginator("describe_db_instances").paginate(PaginationConfig={"PageSize": 20}))
    assert [i["DBInstanceIdentifier"] for page in pages for i in page["DBInstances"]] == ["a", "b", "c"]
    wanted = [{"Name": "db-instance-id", "Values": ["b", "none"]}]
    assert [i["DBInstanceIdentifier"] for i in rds.describe_db_instances(Filters=wanted)["DBInstances"]] == ["b"]
    with refused("InvalidParameterValue", "filter"):
        rds.describe_db_instances(Filters=[{"Name": "colour", "Values": ["b"]}])


def test_deletion_says_what_becomes_of_the_data(create, rds, cloud, refused):
    create()
    cloud.clock.advance(500)
    with refused("InvalidParameterCombination", "required unless SkipFinalSnapshot"):
        rds.delete_db_instance(DBInstanceIdentifier="shop-results")
    with refused("InvalidParameterCombination", "can not be specified"):
        rds.delete_db_instance(
            DBInstanceIdentifier="shop-results", SkipFinalSnapshot=True, FinalDBSnapshotIdentifier="last"
        )
    rds.create_db_snapshot(DBInstanceIdentifier="shop-results", DBSnapshotIdentifier="last")
    with refused("DBSnapshotAlreadyExists"):
        rds.delete_db_instance(DBInstanceIdentifier="shop-results", FinalDBSnapshotIdentifier="last")
    rds.delete_db_instance(DBInstanceIdentifier="shop-results", FinalDBSnapshotIdentifier="final")
    with refused("InvalidDBInstanceState", "already being deleted"):
        rds.delete_db_instance(DBInstanceIdentifier="shop-results", SkipFinalSnapshot=True)
    cloud.clock.advance(200)
    assert rds.describe_db_instances()["DBInstances"] == []
    found = rds.describe_db_snapshots(DBInstanceIdentifier="shop-results")["DBSnapshots"]
    assert {one["DBSnapshotIdentifier"]: one["Status"] for one in found} == {"last": "available", "final": "available"}
    rds.delete_db_snapshot(DBSnapshotIdentifier="final")
    with refused("DBSnapshotNotFound"):
        rds.describe_db_snapshots(DBSnapshotIdentifier="final")


def test_a_creating_one_can_be_deleted_but_not_snapshot(create, rds, one, cloud, refused):
    create()
    with refused("InvalidDBInstanceState", "not currently in the available state"):
        rds.delete_db_instance(DBInstanceIdentifier="shop-results", FinalDBSnapshotIdentifier="final")
    with refused("InvalidDBInstanceState", "not currently in the available state"):
        rds.create_db_snapshot(DBInstanceIdentifier="shop-results", DBSnapshotIdentifier="now")
    rds.delete_db_instance(DBInstanceIdentifier="shop-results", SkipFinalSnapshot=True)
    assert one()["DBInstanceStatus"] == "deleting"


def test_a_protected_one_stays(create, rds, cloud, refused):
    create(DeletionProtection=True)
    cloud.clock.advance(500)
    with refused("InvalidParameterCombination", "disable deletion protection"):
        rds.delete_db_instance(DBInstanceIdentifier="shop-results", SkipFinalSnapshot=True)
    rds.modify_db_instance(DBInstanceIdentifier="shop-results", DeletionProtection=False)
    rds.delete_db_instance(DBInstanceIdentifier="shop-results", SkipFinalSnapshot=True)


def test_botocores_waiters_understand_it(create, rds, cloud, monkeypatch):
    monkeypatch.setattr("time.sleep", cloud.clock.sleep)
    create()
    rds.get_waiter("db_instance_available").wait(DBInstanceIdentifier="shop-results")
    rds.delete_db_instance(DBInstanceIdentifier="shop-results", SkipFinalSnapshot=True)
    rds.get_waiter("db_instance_deleted").wait(DBInstanceIdentifier="shop-results")


def test_a_subnet_group_covers_two_zones_and_stays_while_used(create, rds, aws, network, cloud, refused):
    new = rds.create_db_subnet_group
    with refused("DBSubnetGroupDoesNotCoverEnoughAZs", "at least 2"):
        new(DBSubnetGroupName="small", DBSubnetGroupDescription="d", SubnetIds=network["subnets"][:1])
    with refused("InvalidSubnet"):
        new(DBSubnetGroupName="wrong", DBSubnetGroupDescription="d", SubnetIds=["subnet-0", *network["subnets"]])
    with refused("DBSubnetGroupAlreadyExists"):
        new(DBSubnetGroupName="Shop-Databases", DBSubnetGroupDescription="d", SubnetIds=network["subnets"])
    with refused("InvalidParameterValue"):
        new(DBSubnetGroupName="default", DBSubnetGroupDescription="d", SubnetIds=network["subnets"])
    create()
    cloud.clock.advance(500)
    with refused("InvalidDBSubnetGroupStateFault", "shop-results"):
        rds.delete_db_subnet_group(DBSubnetGroupName="shop-databases")
    rds.delete_db_instance(DBInstanceIdentifier="shop-results", SkipFinalSnapshot=True)
    with refused("InvalidDBSubnetGroupStateFault"):
        rds.delete_db_subnet_group(DBSubnetGroupName="shop-databases")
    cloud.clock.advance(200)
    rds.delete_db_subnet_group(DBSubnetGroupName="shop-databases")
    with refused("DBSubnetGroupNotFoundFault"):
        rds.describe_db_subnet_groups(DBSubnetGroupName="shop-databases")


def test_a_subnet_groups_subnets_can_be_changed(create, rds, aws, cloud, refused):
    subnets = {s["AvailabilityZone"]: s["SubnetId"] for s in aws("ec2").describe_subnets()["Subnets"]}
    more = [subnets["us-east-1b"], subnets["us-east-1c"]]
    rds.modify_db_subnet_group(DBSubnetGroupName="shop-databases", SubnetIds=[subnets["us-east-1a"], *more])
    [group] = rds.describe_db_subnet_groups(DBSubnetGroupName="shop-databases")["DBSubnetGroups"]
    assert len(group["Subnets"]) == 3
    create()  # in us-east-1a
    cloud.clock.advance(500)
    with refused("SubnetAlreadyInUse"):
        rds.modify_db_subnet_group(DBSubnetGroupName="shop-databases", SubnetIds=more)


def test_a_security_group_of_a_database_stays_until_the_database_is_gone(create, rds, aws, cloud, refused):
    vpc = aws("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    group = aws("ec2").create_security_group(GroupName="db", Description="d", VpcId=vpc)["GroupId"]
    create(VpcSecurityGroupIds=[group])
    cloud.clock.advance(500)
    rds.delete_db_instance(DBInstanceIdentifier="shop-results", SkipFinalSnapshot=True)
    with refused("DependencyViolation"):
        aws("ec2").delete_security_group(GroupId=group)
    cloud.clock.advance(200)
    aws("ec2").delete_security_group(GroupId=group)


def test_an_unknown_instance_is_no_answer_of_motos(rds):
    with pytest.raises(ClientError) as caught:
        rds.stop_db_instance(DBInstanceIdentifier="none")
    assert caught.value.response["Error"]["Code"] == "DBInstanceNotFound"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
