"""The cases of file systems and transfers: EFS and DataSync."""

from __future__ import annotations

from typing import Any

from scrapectl.engine.values import Policy
from scrapectl.kinds.efs_access_point import EfsAccessPoint
from scrapectl.kinds.efs_file_system import EfsFileSystem, MountTarget
from tests.contract.bench import Bench
from tests.contract.cases import Case, Together


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
                }
            ),
            "delete": frozenset({"ec2:DeleteNetworkInterface"}),
        },
    ),
    "efs_access_point": Case(make=access_point),
}
