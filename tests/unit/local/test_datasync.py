"""DataSync of the embedded cloud: what it tries, what it copies, and when, on the cloud's clock."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scrapectl.local.clock import VirtualClock
from scrapectl.local.cloud import Cloud
from scrapectl.local.services.datasync.filters import passes, patterns_of
from scrapectl.local.services.efs.folders import folder_of
from tests.current import boto

REGION = "us-east-2"


class World:
    """A bucket, a file system with an access point, and roles for both."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        session = boto(cloud, REGION)
        names = ("s3", "efs", "ec2", "iam", "datasync", "resourcegroupstaggingapi")
        self.s3, self.efs, self.ec2, self.iam, self.sync, self.tagging = (session.client(name) for name in names)
        self.s3.create_bucket(Bucket="raw", CreateBucketConfiguration={"LocationConstraint": REGION})
        self.subnet = self.ec2.describe_subnets()["Subnets"][0]
        vpc = self.subnet["VpcId"]
        self.group = self.ec2.create_security_group(GroupName="nfs", Description="nfs", VpcId=vpc)["GroupId"]
        rule = {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049, "UserIdGroupPairs": [{"GroupId": self.group}]}
        self.ec2.authorize_security_group_ingress(GroupId=self.group, IpPermissions=[rule])
        self.system = self.efs.create_file_system(CreationToken="work", Encrypted=True)["FileSystemId"]
        cloud.clock.sleep(60)
        self.target = self.efs.create_mount_target(
            FileSystemId=self.system, SubnetId=self.subnet["SubnetId"], SecurityGroups=[self.group]
        )["MountTargetId"]
        made = {"OwnerUid": 1001, "OwnerGid": 1001, "Permissions": "755"}
        point = self.efs.create_access_point(
            ClientToken="data",
            FileSystemId=self.system,
            PosixUser={"Uid": 1001, "Gid": 1001},
            RootDirectory={"Path": "/data/in", "CreationInfo": made},
        )
        self.point, self.point_arn = point["AccessPointId"], point["AccessPointArn"]
        self.role = self.make_role("transfer")
        self.allow("s3:ListBucket", "s3:GetBucketLocation", "s3:GetObject", "s3:PutObject")
        cloud.clock.sleep(200)

    def make_role(self, name: str, source: str = "*") -> str:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "datasync.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:datasync:{REGION}:123456789012:{source}"}},
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        return str(self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"])

    def allow(self, *actions: str) -> None:
        """Let the role do these things and no others, and let IAM know it everywhere."""
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.iam.put_role_policy(RoleName="transfer", PolicyName="all", PolicyDocument=document)
        self.cloud.clock.sleep(60)

    def bucket_location(self, folder: str = "/in/", **params: Any) -> str:
        config = {"BucketAccessRoleArn": self.role}
        given = {"S3BucketArn": "arn:aws:s3:::raw", "Subdirectory": folder, "S3Config": config} | params
        return str(self.sync.create_location_s3(**given)["LocationArn"])

    def folder_location(self, **params: Any) -> str:
        given = {
            "EfsFilesystemArn": f"arn:aws:elasticfilesystem:{REGION}:123456789012:file-system/{self.system}",
            "AccessPointArn": self.point_arn,
            "InTransitEncryption": "TLS1_2",
            "Ec2Config": {
                "SubnetArn": self.subnet["SubnetArn"],
                "SecurityGroupArns": [f"arn:aws:ec2:{REGION}:123456789012:security-group/{self.group}"],
            },
        } | params
        return str(self.sync.create_location_efs(**given)["LocationArn"])

    def task(self, source: str, target: str, **params: Any) -> str:
        given = {"SourceLocationArn": source, "DestinationLocationArn": target, "Name": "copy"} | params
        arn = str(self.sync.create_task(**given)["TaskArn"])
        self.cloud.clock.sleep(60)
        return arn

    def start(self, task: str, include: str = "", **params: Any) -> str:
        includes = {"Includes": [{"FilterType": "SIMPLE_PATTERN", "Value": include}]} if include else {}
        return str(self.sync.start_task_execution(TaskArn=task, **includes, **params)["TaskExecutionArn"])

    def seen(self, execution: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.sync.describe_task_execution(TaskExecutionArn=execution)
        return answer

    def run(self, task: str, include: str = "", **params: Any) -> dict[str, Any]:
        execution = self.start(task, include, **params)
        self.cloud.clock.sleep(300)
        return self.seen(execution)

    def put(self, *keys: str) -> None:
        for key in keys:
            self.s3.put_object(Bucket="raw", Key=key, Body=key.encode() + b"\xff")

    @property
    def folder(self) -> Path:
        return folder_of(self.cloud, self.system, self.point)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    cloud = Cloud(VirtualClock(), delays=True, state_dir=tmp_path)
    yield World(cloud)
    cloud.close()


def refusal(call: Any, *args: Any, **params: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(*args, **params)
    assert caught.value.response["Error"]["Code"] == "InvalidRequestException"
    return str(caught.value.response["Error"]["Message"])


@pytest.fixture
def inward(world: World) -> str:
    return world.task(world.bucket_location(), world.folder_location())


def test_objects_arrive_as_files_that_belong_to_the_access_points_user(world: World, inward: str):
    world.put("in/a.csv", "in/deep/b c.csv", "other/c.csv")
    seen = world.run(inward)
    assert (seen["Status"], seen["FilesTransferred"]) == ("SUCCESS", 2)
    assert (world.folder / "a.csv").read_bytes() == b"in/a.csv\xff"
    assert sorted(p.relative_to(world.folder).as_posix() for p in world.folder.rglob("*") if p.is_file()) == [
        "a.csv",
        "deep/b c.csv",
    ]
    if Path("/proc/self").stat().st_uid == 0:
        assert {path.stat().st_uid for path in world.folder.rglob("*")} == {1001}


def test_files_come_back_as_objects(world: World):
    (world.folder / "run-1").mkdir()
    (world.folder / "run-1" / "report").write_bytes(b"\x00\xff")
    (world.folder / "run-2").mkdir()
    (world.folder / "run-2" / "report").write_text("other")
    task = world.task(world.folder_location(), world.bucket_location("/outputs/"))
    assert world.run(task, "/run-1")["FilesTransferred"] == 1
    keys = [entry["Key"] for entry in world.s3.list_objects_v2(Bucket="raw")["Contents"]]
    assert keys == ["outputs/run-1/report"]
    assert world.s3.get_object(Bucket="raw", Key=keys[0])["Body"].read() == b"\x00\xff"


def test_what_is_there_already_is_not_copied_again(world: World, inward: str):
    world.put("in/a.csv")
    assert world.run(inward)["FilesTransferred"] == 1
    assert world.run(inward)["FilesTransferred"] == 0
    world.s3.put_object(Bucket="raw", Key="in/a.csv", Body=b"newer")
    assert world.run(inward)["FilesTransferred"] == 1
    assert (world.folder / "a.csv").read_bytes() == b"newer"


def test_a_run_takes_its_time_from_state_to_state(world: World, inward: str):
    world.put("in/a.csv")
    execution, states = world.start(inward), []
    for _ in range(40):
        states.append(world.seen(execution)["Status"])
        world.cloud.clock.sleep(5)
    found = list(dict.fromkeys(states))
    assert found == ["LAUNCHING", "PREPARING", "TRANSFERRING", "VERIFYING", "SUCCESS"]
    assert world.seen(execution)["Result"]["TransferStatus"] == "SUCCESS"


def test_runs_of_one_task_go_one_after_the_other(world: World, inward: str):
    first, second = world.start(inward), world.start(inward)
    assert [world.seen(one)["Status"] for one in (first, second)] == ["LAUNCHING", "QUEUED"]
    assert world.sync.describe_task(TaskArn=inward)["CurrentTaskExecutionArn"] == first
    text = refusal(world.start, inward, OverrideOptions={"TaskQueueing": "DISABLED"})
    assert "is busy" in text
    world.cloud.clock.sleep(96)
    assert [world.seen(one)["Status"] for one in (first, second)] == ["SUCCESS", "LAUNCHING"]
    world.cloud.clock.sleep(100)
    assert world.seen(second)["Status"] == "SUCCESS"
    listed = world.sync.list_task_executions(TaskArn=inward)["TaskExecutions"]
    assert [one["TaskExecutionArn"] for one in listed] == [first, second]


def test_a_filter_that_fits_nothing_copies_nothing_and_is_a_success(world: World, inward: str):
    world.put("in/a.csv")
    seen = world.run(inward, "/gone.csv")
    assert (seen["Status"], seen["FilesTransferred"]) == ("SUCCESS", 0), seen


def test_an_object_that_goes_while_it_is_copied_is_an_error(world: World, inward: str):
    world.put("in/a.csv")
    execution = world.start(inward)
    world.cloud.clock.sleep(61)
    assert world.seen(execution)["Status"] == "PREPARING"
    world.s3.delete_object(Bucket="raw", Key="in/a.csv")
    world.cloud.clock.sleep(60)
    seen = world.seen(execution)
    assert (seen["Status"], seen["Result"]["TransferStatus"], seen["Result"]["ErrorCode"]) == (
        "ERROR",
        "ERROR",
        "NoSuchKey",
    )
    assert "in/a.csv" in seen["Result"]["ErrorDetail"]


def test_a_denied_read_is_an_error_and_the_next_run_goes_on(world: World, inward: str):
    world.put("in/a.csv")
    world.allow("s3:ListBucket", "s3:GetBucketLocation")
    first, second = world.start(inward), world.start(inward)
    world.cloud.clock.sleep(400)
    for execution in (first, second):
        result = world.seen(execution)["Result"]
        assert (result["PrepareStatus"], result["TransferStatus"]) == ("SUCCESS", "ERROR")
        assert "s3:GetObject" in result["ErrorDetail"]


def test_a_lost_role_is_an_error(world: World, inward: str):
    world.iam.delete_role_policy(RoleName="transfer", PolicyName="all")
    world.iam.delete_role(RoleName="transfer")
    seen = world.run(inward)
    assert seen["Status"] == "ERROR"
    assert seen["Result"]["PrepareStatus"] == "ERROR"
    assert "Unable to assume role" in seen["Result"]["ErrorDetail"]


def test_a_lost_mount_target_is_an_error(world: World, inward: str):
    world.efs.delete_mount_target(MountTargetId=world.target)
    assert "no mount target" in world.run(inward)["Result"]["ErrorDetail"]


def test_a_run_can_be_cancelled(world: World, inward: str):
    execution = world.start(inward)
    assert "executions that have not ended" in refusal(world.sync.delete_task, TaskArn=inward)
    world.sync.cancel_task_execution(TaskExecutionArn=execution)
    assert world.seen(execution)["Status"] == "ERROR"
    world.cloud.clock.sleep(300)
    assert world.seen(execution)["Result"]["ErrorCode"] == "Cancelled"
    world.sync.delete_task(TaskArn=inward)


def test_a_task_is_not_started_while_it_is_made(world: World):
    ends = world.bucket_location(), world.folder_location()
    task = world.sync.create_task(SourceLocationArn=ends[0], DestinationLocationArn=ends[1])["TaskArn"]
    assert world.sync.describe_task(TaskArn=task)["Status"] == "CREATING"
    assert "CREATING" in refusal(world.start, task)
    world.cloud.clock.sleep(30)
    assert world.sync.describe_task(TaskArn=task)["Status"] == "AVAILABLE"


def test_a_location_is_tried_when_it_is_made(world: World):
    world.allow("s3:GetBucketLocation")
    assert "access test failed: could not perform s3:HeadBucket" in refusal(world.bucket_location)
    world.allow("s3:ListBucket", "s3:GetBucketLocation")
    assert world.bucket_location()
    assert "Unable to assume role" in refusal(
        world.bucket_location, S3Config={"BucketAccessRoleArn": world.make_role("fresh")}
    )
    stranger = world.make_role("stranger", source="task/none")
    world.cloud.clock.sleep(60)
    assert "Unable to assume role" in refusal(world.bucket_location, S3Config={"BucketAccessRoleArn": stranger})
    assert "s3:HeadBucket in bucket nowhere" in refusal(world.bucket_location, S3BucketArn="arn:aws:s3:::nowhere")


def test_a_file_system_is_mounted_to_try_it(world: World):
    assert "must be TLS1_2" in refusal(world.folder_location, InTransitEncryption="NONE")
    other = world.ec2.create_security_group(GroupName="other", Description="x", VpcId=world.subnet["VpcId"])["GroupId"]
    config = {
        "SubnetArn": world.subnet["SubnetArn"],
        "SecurityGroupArns": [f"arn:aws:ec2:{REGION}:123456789012:security-group/{other}"],
    }
    assert "lets port 2049 in" in refusal(world.folder_location, Ec2Config=config)
    statement = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "elasticfilesystem:*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    world.efs.put_file_system_policy(FileSystemId=world.system, Policy=document)
    assert "access denied by server" in refusal(world.folder_location)
    world.efs.delete_file_system_policy(FileSystemId=world.system)
    world.efs.delete_mount_target(MountTargetId=world.target)
    assert "no mount target" in refusal(world.folder_location)


def test_a_location_that_a_task_uses_stays(world: World, inward: str):
    location = world.sync.describe_task(TaskArn=inward)["SourceLocationArn"]
    assert "in use" in refusal(world.sync.delete_location, LocationArn=location)
    world.sync.delete_task(TaskArn=inward)
    world.sync.delete_location(LocationArn=location)
    assert "not found" in refusal(world.sync.describe_location_s3, LocationArn=location)


def test_two_of_one_place_are_two_locations(world: World):
    assert world.bucket_location() != world.bucket_location()
    listed = world.sync.list_locations(
        Filters=[{"Name": "LocationUri", "Values": ["s3://raw"], "Operator": "BeginsWith"}]
    )
    assert [one["LocationUri"] for one in listed["Locations"]] == ["s3://raw/in/"] * 2


def test_tags_are_kept_and_told_to_the_index(world: World):
    arn = world.bucket_location(Tags=[{"Key": "Name", "Value": "shop"}])
    world.sync.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "a"}])
    world.sync.untag_resource(ResourceArn=arn, Keys=["Name"])
    assert world.sync.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "a"}]
    world.tagging.get_resources()
    world.cloud.clock.sleep(30)
    assert arn in {one["ResourceARN"] for one in world.tagging.get_resources()["ResourceTagMappingList"]}


def test_its_interfaces_hold_the_group_until_a_while_after_the_task(world: World, inward: str):
    def interfaces() -> list[dict[str, Any]]:
        filters = [{"Name": "group-id", "Values": [world.group]}]
        found = world.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
        return [one for one in found if "DataSync" in one["Description"]]

    assert len(interfaces()) == 1
    world.sync.delete_task(TaskArn=inward)
    assert len(interfaces()) == 1
    world.cloud.clock.sleep(60)
    assert interfaces() == []


def test_a_log_needs_a_group(world: World):
    ends = world.bucket_location(), world.folder_location()
    assert "CloudWatchLogGroupArn" in refusal(world.task, *ends, Options={"LogLevel": "BASIC"})


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/a", "/a", True),
        ("/a", "/a/b/c", True),
        ("/a/", "/a/b", True),
        ("/a", "/ab", False),
        ("/a", "/x/a", False),
        ("*.csv", "/x/y.csv", True),
        ("/x/*.csv", "/x/y.csv.gz", False),
        ("*/tmp-*", "/x/tmp-1/a", True),
        ("/a|/b", "/b", True),
        (r"/a\|b", "/a|b", True),
        (r"/a\|b", "/a", False),
        (r"/\*", "/*", True),
        (r"/\*", "/x", False),
        (r"/a\\", "/a\\", True),
        ("/A", "/a", False),
    ],
)
def test_filters(pattern: str, path: str, fits: bool):
    assert passes(path, patterns_of(pattern), ()) is fits
    assert passes(path, (), patterns_of(pattern)) is not fits
