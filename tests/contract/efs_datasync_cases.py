"""The cases of file systems and transfers: EFS and DataSync."""

from __future__ import annotations

from typing import Any

from scrapectl.engine.values import Policy
from scrapectl.kinds.datasync_location_efs import DatasyncLocationEfs
from scrapectl.kinds.datasync_location_s3 import DatasyncLocationS3
from scrapectl.kinds.datasync_task import DatasyncTask
from scrapectl.kinds.efs_access_point import EfsAccessPoint
from scrapectl.kinds.efs_file_system import EfsFileSystem, MountTarget
from tests.contract.bench import Bench
from tests.contract.cases import Case, Together, trust


def subnets(bench: Bench) -> list[dict[str, Any]]:
    def ask() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = bench.aws.client("ec2").describe_subnets()["Subnets"]
        return found

    found: list[dict[str, Any]] = bench.once("subnets", ask)
    return found


def group(bench: Bench, name: str) -> str:
    def make() -> str:
        vpc = subnets(bench)[0]["VpcId"]
        made = bench.aws.client("ec2").create_security_group(GroupName=name, Description=name, VpcId=vpc)
        return str(made["GroupId"])

    return str(bench.once(f"group {name}", make))


def policy(*actions: str) -> Policy:
    statement = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": list(actions),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return Policy({"Version": "2012-10-17", "Statement": [statement]})


def file_system(bench: Bench, owner: str) -> EfsFileSystem:
    first, second = subnets(bench)[:2]
    groups = (group(bench, "mounts"),)
    return EfsFileSystem(
        name=f"{owner}-work",
        throughput="elastic",
        cold_after_days=7,
        backup=True,
        kms_key=None,
        policy=policy("*"),
        mount_targets=frozenset({MountTarget(first["SubnetId"], groups), MountTarget(second["SubnetId"], groups)}),
    )


def other_targets(bench: Bench) -> frozenset[MountTarget]:
    """One stays with other groups, one goes, one comes."""
    first, _, third = subnets(bench)[:3]
    groups = (group(bench, "mounts"), group(bench, "more"))
    return frozenset({MountTarget(first["SubnetId"], groups), MountTarget(third["SubnetId"], groups[:1])})


def file_system_id(bench: Bench) -> str:
    return str(bench.once("file system", lambda: _make_file_system(bench)["FileSystemId"]))


def _make_file_system(bench: Bench) -> dict[str, Any]:
    made: dict[str, Any] = bench.aws.client("efs").create_file_system(CreationToken="theirs", Encrypted=True)
    bench.cloud.clock.advance(60)
    return made


def access_point(bench: Bench, owner: str) -> EfsAccessPoint:
    return EfsAccessPoint(f"{owner}-work_data", file_system_id(bench), "/data", 1001, 1001, "0750")


def mounted(bench: Bench) -> tuple[str, str]:
    """A file system with a mount target and an access point: their ARNs."""

    def make() -> tuple[str, str]:
        efs, system, members = bench.aws.client("efs"), file_system_id(bench), group(bench, "nfs")
        into = {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049, "UserIdGroupPairs": [{"GroupId": members}]}
        bench.aws.client("ec2").authorize_security_group_ingress(GroupId=members, IpPermissions=[into])
        efs.create_mount_target(FileSystemId=system, SubnetId=subnets(bench)[0]["SubnetId"], SecurityGroups=[members])
        point = efs.create_access_point(ClientToken="theirs", FileSystemId=system)["AccessPointArn"]
        bench.cloud.clock.advance(200)
        return efs.describe_file_systems(FileSystemId=system)["FileSystems"][0]["FileSystemArn"], point

    found: tuple[str, str] = bench.once("mounted", make)
    return found


def transfer_role(bench: Bench, name: str) -> str:
    def make() -> str:
        iam = bench.aws.client("iam")
        document = trust("datasync.amazonaws.com").to_json()
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        statement = {"Effect": "Allow", "Action": ["s3:*", "elasticfilesystem:*"], "Resource": "*"}
        iam.put_role_policy(
            RoleName=name,
            PolicyName="all",
            PolicyDocument=Policy({"Version": "2012-10-17", "Statement": [statement]}).to_json(),
        )
        bench.cloud.clock.advance(60)
        return str(arn)

    return str(bench.once(name, make))


def transfer_bucket(bench: Bench) -> str:
    def make() -> str:
        where = {"LocationConstraint": bench.aws.region}
        bench.aws.client("s3").create_bucket(Bucket="transfers", CreateBucketConfiguration=where)
        return "arn:aws:s3:::transfers"

    return str(bench.once("bucket", make))


def location_s3(bench: Bench, owner: str) -> DatasyncLocationS3:
    role = transfer_role(bench, "transfers")
    return DatasyncLocationS3(f"{owner}-raw-4f1a", transfer_bucket(bench), "in/", role)


def location_efs(bench: Bench, owner: str) -> DatasyncLocationEfs:
    system, point = mounted(bench)
    account, region = bench.aws.account, bench.aws.region
    return DatasyncLocationEfs(
        name=f"{owner}-work-4f1a",
        file_system=system,
        access_point=point,
        path="/",
        subnet=subnets(bench)[0]["SubnetArn"],
        security_groups=(f"arn:aws:ec2:{region}:{account}:security-group/{group(bench, 'nfs')}",),
        role=transfer_role(bench, "transfers"),
    )


def task(bench: Bench, owner: str) -> DatasyncTask:
    def ends() -> tuple[str, str]:
        made = [make(bench, "others").create(bench.aws, {}) for make in (location_s3, location_efs)]
        source, target = (live.outputs["arn"] for live in made if live is not None)
        return source, target

    return DatasyncTask(f"{owner}-process-1", *bench.once("ends", ends))


def run_it(bench: Bench, want: DatasyncTask) -> None:
    """Start it, so that its end has an execution to cancel."""
    bench.aws.client("datasync").start_task_execution(TaskArn=bench.put(want, "shop").outputs["arn"])


EFS_DATASYNC_CASES: dict[str, Case] = {
    "efs_file_system": Case(
        make=file_system,
        changes={
            "throughput": lambda _: Together(throughput="provisioned", provisioned_mibps=1.0),
            "provisioned_mibps": lambda _: 8.0,
            "cold_after_days": lambda _: 1,
            "backup": lambda _: False,
            "policy": lambda _: None,
            "mount_targets": other_targets,
        },
        one_way=frozenset({"throughput", "provisioned_mibps"}),
        later=frozenset({"cold_after_days", "policy", "mount_targets"}),
        implied={
            "update": frozenset(
                {
                    "ec2:CreateNetworkInterface",
                    "ec2:DeleteNetworkInterface",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSubnets",
                    "ec2:ModifyNetworkInterfaceAttribute",
                    "iam:CreateServiceLinkedRole",
                }
            ),
            "delete": frozenset({"ec2:DeleteNetworkInterface"}),
        },
    ),
    "efs_access_point": Case(make=access_point),
    "datasync_location_s3": Case(
        make=location_s3,
        changes={"role": lambda bench: transfer_role(bench, "transfers-2")},
    ),
    "datasync_location_efs": Case(
        make=location_efs,
        implied={
            "create": frozenset(
                {
                    "ec2:CreateNetworkInterface",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSecurityGroups",
                    "ec2:DescribeSubnets",
                    "elasticfilesystem:DescribeFileSystems",
                    "elasticfilesystem:DescribeMountTargets",
                }
            )
        },
    ),
    "datasync_task": Case(
        make=task,
        changes={
            "log_group": lambda bench: f"arn:aws:logs:{bench.aws.region}:{bench.aws.account}:log-group:/scrapectl/shop",
            "verify": lambda _: "NONE",
        },
        fill=run_it,
        implied={
            "create": frozenset({"ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission"}),
            "delete": frozenset({"ec2:DeleteNetworkInterface"}),
        },
    ),
}
