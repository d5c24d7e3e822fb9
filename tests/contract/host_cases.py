"""The cases of what hosts stand on: Auto Scaling groups, and launch templates that say all of an instance."""

from __future__ import annotations

import dataclasses

from scrapectl.kinds.autoscaling_group import SUSPENDED, AutoscalingGroup
from scrapectl.kinds.autoscaling_pause import ScheduledAction
from scrapectl.kinds.ec2_launch_template import Ec2LaunchTemplate
from scrapectl.kinds.iam_instance_profile import instance_profile_arn
from scrapectl.kinds.user_data import Program
from tests.contract.batch_cases import security_groups, subnets
from tests.contract.bench import Bench
from tests.contract.cases import Case
from tests.contract.rds_ec2_cases import other_profile, profile, template

SOURCES = {"start.py": "#!/usr/bin/python3\nprint('ü')\n", "main.py": "pass\n"}
OTHERS = SOURCES | {"main.py": "print(1)\n"}
SOMEONES = {"scrapectl:pipeline": "base"}
IMAGE = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-"
# Who makes a group from a template is asked for what it starts ("Launch template support", Auto Scaling User Guide).
STARTS = frozenset({"ec2:RunInstances", "iam:PassRole", "ssm:GetParameters"})
LINKED = frozenset({"iam:CreateServiceLinkedRole"})
WEEKLY = ScheduledAction("weekly", "0 5 * * 2", "America/New_York", 1)


def host_template(bench: Bench, owner: str) -> Ec2LaunchTemplate:
    groups = bench.once("security_groups", lambda: security_groups(bench))
    return dataclasses.replace(
        template(bench, owner),
        image=f"{IMAGE}arm64",
        instance_type="t4g.nano",
        profile=standing_profile(bench),
        security_groups=tuple(groups[:1]),
        public_ip=True,
        program=Program(SOURCES),
        runs={"script": ["echo ü"], "timeout": 60},
        at_shutdown="terminate",
    )


def standing_profile(bench: Bench) -> str:
    want = profile(bench, "base")
    bench.once("host profile", lambda: want.create(bench.aws, SOMEONES))
    bench.cloud.clock.advance(60)
    return instance_profile_arn("aws", bench.aws.account, want.path, want.name)


def standing_template(bench: Bench, name: str) -> str:
    def make() -> str:
        live = host_template(bench, name).create(bench.aws, SOMEONES)
        assert live is not None
        return live.outputs["id"]

    return str(bench.once(f"host template {name}", make))


def group(bench: Bench, owner: str) -> AutoscalingGroup:
    return AutoscalingGroup(
        name=f"{owner}-ingester",
        template=standing_template(bench, "base"),
        subnets=tuple(bench.once("subnets", lambda: subnets(bench))[:2]),
        actions=frozenset({WEEKLY, ScheduledAction("weekly_stop", "20 5 * * 2", "America/New_York", 0)}),
    )


HOST_CASES = {
    "autoscaling_group": Case(
        make=group,
        changes={
            "template": lambda bench: standing_template(bench, "other"),
            "subnets": lambda bench: tuple(bench.made["subnets"][1:]),
            "smallest": lambda _: 1,
            "largest": lambda _: 2,
            "suspended": lambda _: SUSPENDED - {"AZRebalance"} | {"AlarmNotification"},
            "actions": lambda _: frozenset({WEEKLY, ScheduledAction("daily", "0 5 * * *", "UTC", 1)}),
        },
        implied={"create": STARTS | LINKED, "update": STARTS},
    ),
}
HOST_VARIANTS = {
    "ec2_launch_template of a host": Case(
        make=host_template,
        changes={
            "image": lambda _: f"{IMAGE}x86_64",
            "instance_type": lambda _: "t3.micro",
            "profile": other_profile,
            "security_groups": lambda bench: tuple(bench.made["security_groups"][1:]),
            "public_ip": lambda _: False,
            "program": lambda _: Program(OTHERS),
            "runs": lambda _: {"script": ["echo ü", "echo 2"], "timeout": 60},
            "at_shutdown": lambda _: "stop",
        },
    ),
}
