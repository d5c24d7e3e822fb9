"""The cases of databases, and of what instances of EC2 stand on."""

from __future__ import annotations

import dataclasses
from typing import Any

from scrapectl.kinds.batch_compute_environment import BatchComputeEnvironment
from scrapectl.kinds.batch_job_definition import BatchJobDefinition
from scrapectl.kinds.ec2_launch_template import Ec2LaunchTemplate
from scrapectl.kinds.iam_instance_profile import IamInstanceProfile, instance_profile_arn
from scrapectl.kinds.iam_role import IamRole, role_path
from scrapectl.kinds.rds_instance import RdsInstance
from scrapectl.kinds.rds_subnet_group import RdsSubnetGroup
from tests.contract.batch_cases import definition, environment, security_groups, subnets
from tests.contract.bench import Bench
from tests.contract.cases import Case, trust

# AWS makes and keeps the password in the caller's name ("Password management with RDS and Secrets Manager").
MANAGED_PASSWORD = frozenset({"kms:DescribeKey", "secretsmanager:CreateSecret", "secretsmanager:TagResource"})
SOMEONES = {"scrapectl:pipeline": "base"}


def instance_role(bench: Bench, name: str) -> str:
    path = role_path(bench.aws.region, "base")
    role = IamRole(name=name, path=path, trust=trust("ec2.amazonaws.com"))
    bench.once(f"role {name}", lambda: role.create(bench.aws, SOMEONES))
    bench.cloud.clock.advance(60)
    return name


def profile(bench: Bench, owner: str) -> IamInstanceProfile:
    return IamInstanceProfile(
        name=f"{owner}_instances-us-east-2",
        path=role_path(bench.aws.region, owner),
        role=instance_role(bench, "instances"),
    )


def template(_bench: Bench, owner: str) -> Ec2LaunchTemplate:
    return Ec2LaunchTemplate(name=f"{owner}_instances")


def subnet_group(bench: Bench, owner: str) -> RdsSubnetGroup:
    found = bench.once("subnets", lambda: subnets(bench))
    return RdsSubnetGroup(name=f"{owner}-databases", description="where databases stand", subnets=tuple(found[:2]))


def database(bench: Bench, owner: str) -> RdsInstance:
    group = subnet_group(bench, "base")
    bench.once("subnet group", lambda: group.create(bench.aws, SOMEONES))
    groups = bench.once("security_groups", lambda: security_groups(bench))
    return RdsInstance(
        name=f"{owner}-results",
        engine="postgres",
        version="16",
        instance_class="db.t4g.micro",
        storage=20,
        max_storage=100,
        database="results",
        username="scrapectl",
        subnet_group=group.name,
        security_groups=tuple(groups[:1]),
        backup_days=7,
        maintenance_window="sat:05:00-sat:06:00",
        backup_window="03:00-03:30",
    )


def instances(bench: Bench, owner: str) -> BatchComputeEnvironment:
    """An environment of Spot instances, which know more strategies than one."""
    role = instance_role(bench, "instances")
    made = IamInstanceProfile(name=role, path=role_path(bench.aws.region, "base"), role=role)
    bench.once("profile", lambda: made.create(bench.aws, SOMEONES))
    return dataclasses.replace(
        environment(bench, owner),
        type="SPOT",
        instance_types=("m7i", "c7i"),
        instance_profile=instance_profile_arn("aws", bench.aws.account, made.path, role),
        launch_template=standing_template(bench, "base"),
        allocation="SPOT_PRICE_CAPACITY_OPTIMIZED",
        image_type="ECS_AL2023",
        instance_tags={"Name": owner},
    )


def standing_template(bench: Bench, owner: str) -> str:
    want = template(bench, owner)
    bench.once(f"template {owner}", lambda: want.create(bench.aws, SOMEONES))
    return want.name


def other_profile(bench: Bench) -> str:
    path = role_path(bench.aws.region, "base")
    made = IamInstanceProfile(name="other-instances", path=path, role=instance_role(bench, "instances"))
    bench.once("other profile", lambda: made.create(bench.aws, SOMEONES))
    return instance_profile_arn("aws", bench.aws.account, path, made.name)


def on_instances(bench: Bench, owner: str) -> BatchJobDefinition:
    """A job for instances."""
    return dataclasses.replace(
        definition(bench, owner), runs_on="EC2", platform=None, disk=None, public_ip=None, vcpus="2"
    )


def forget_the_password(bench: Bench, want: RdsInstance) -> None:
    """Someone takes the password out of AWS's hands."""
    settings: dict[str, Any] = {"ManageMasterUserPassword": False, "MasterUserPassword": "chosen-by-hand"}
    bench.aws.client("rds").modify_db_instance(DBInstanceIdentifier=want.name, ApplyImmediately=True, **settings)
    bench.settled(want)


RDS_EC2_CASES: dict[str, Case] = {
    IamInstanceProfile.kind: Case(profile, {"role": lambda bench: instance_role(bench, "others")}),
    Ec2LaunchTemplate.kind: Case(
        template,
        {
            "tokens": lambda _: "optional",
            "hop_limit": lambda _: 1,
            "root_device": lambda _: "/dev/sda1",
            "root_gib": lambda _: 50,
            "encrypted": lambda _: False,
        },
    ),
    RdsSubnetGroup.kind: Case(
        subnet_group,
        {"description": lambda _: "elsewhere", "subnets": lambda bench: tuple(bench.made["subnets"][1:])},
    ),
    RdsInstance.kind: Case(
        database,
        {
            "version": lambda _: "17",
            "instance_class": lambda _: "db.t4g.small",
            "storage": lambda _: 40,
            "max_storage": lambda _: None,
            "security_groups": lambda bench: tuple(bench.made["security_groups"][1:]),
            "public": lambda _: True,
            "backup_days": lambda _: 0,
            "multi_az": lambda _: True,
            "maintenance_window": lambda _: "sun:05:00-sun:06:00",
            "backup_window": lambda _: "01:00-01:30",
        },
        tampers={"managed_password": forget_the_password},
        one_way=frozenset({"storage", "version"}),
        implied={
            "create": frozenset(
                {
                    "iam:CreateServiceLinkedRole",  # of an account's first database
                    *MANAGED_PASSWORD,
                }
            ),
            "update": frozenset({"rds:StartDBInstance", "rds:StopDBInstance", *MANAGED_PASSWORD}),
            "delete": frozenset({"rds:CreateDBSnapshot"}),
        },
    ),
}

RDS_EC2_VARIANTS: dict[str, Case] = {
    f"{BatchComputeEnvironment.kind} on EC2": Case(
        instances,
        {
            "max_vcpus": lambda _: 32,
            "min_vcpus": lambda _: 4,
            "subnets": lambda bench: tuple(bench.made["subnets"][1:]),
            "security_groups": lambda bench: tuple(bench.made["security_groups"][1:]),
            "instance_types": lambda _: ("c7i", "r7i"),
            "instance_profile": other_profile,
            "launch_template": lambda bench: standing_template(bench, "other"),
            "allocation": lambda _: "SPOT_CAPACITY_OPTIMIZED",
            "image_type": lambda _: "ECS_AL2023_NVIDIA",
            "instance_tags": lambda _: {},
        },
        implied={"create": frozenset({"iam:CreateServiceLinkedRole"})},
    ),
    f"{BatchJobDefinition.kind} on EC2": Case(
        on_instances, {"memory": lambda _: 4096, "retry_on": lambda _: ("memory",), "read_only": lambda _: True}
    ),
}
