"""What EFS answers of a file system, call by call → the fields, outputs and state of one (pure but for the asking)."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scrapectl.engine.resource import Aws, Status
from scrapectl.engine.values import Policy

ABSENT = ("FileSystemNotFound",)
AVAILABLE = "available"
OWN_KEY = "alias/aws/elasticfilesystem"


@dataclass(frozen=True)
class MountTarget:
    """Where a file system is reached in one zone.

    Attributes:
        subnet: Id of its subnet.
        security_groups: Ids, in any order; at most five.
    """

    subnet: Any
    security_groups: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        """Sort what AWS holds as a set; done again when references are put in."""
        object.__setattr__(self, "security_groups", tuple(sorted(self.security_groups, key=str)))


@dataclass(frozen=True)
class Answer:
    """Everything that was asked of one file system; `targets` by subnet, as Describe answers them."""

    described: Mapping[str, Any]
    lifecycle: Sequence[Mapping[str, str]]
    backup: bool
    policy: Policy | None
    targets: Mapping[str, Mapping[str, Any]]
    groups: Mapping[str, tuple[str, ...]]

    @property
    def mount_targets(self) -> frozenset[MountTarget]:
        """Those that stand and stay."""
        standing = [subnet for subnet, one in self.targets.items() if one["LifeCycleState"] != "deleting"]
        return frozenset(MountTarget(subnet, self.groups.get(subnet, ())) for subnet in standing)

    @property
    def cold_after_days(self) -> int | None:
        """Days until a file is moved to Infrequent Access."""
        words = [policy["TransitionToIA"] for policy in self.lifecycle if policy.get("TransitionToIA")]
        return int(words[0].split("_")[1]) if words else None

    def state(self) -> tuple[Status, str]:
        """Its own state, then that of the mount target that is slowest."""
        own = self.described["LifeCycleState"]
        if own == "error":
            return Status.BROKEN, "EFS says that it is in error"
        if own != AVAILABLE:
            return Status.BUSY, own
        for subnet, target in sorted(self.targets.items()):
            if target["LifeCycleState"] == "error":
                return Status.BROKEN, f"its mount target in {subnet} is in error"
            if target["LifeCycleState"] != AVAILABLE:
                return Status.BUSY, f"mount target in {subnet}: {target['LifeCycleState']}"
        return Status.READY, ""


def ask(aws: Aws, described: Mapping[str, Any]) -> Answer | None:
    """Ask for what Describe does not tell of a file system; None when it went between the calls."""
    call = functools.partial(functools.partial, aws.call, "efs")
    fs_id = described["FileSystemId"]
    lifecycle, backup, policy, targets = aws.gather(
        [
            call("describe_lifecycle_configuration", absent=ABSENT, FileSystemId=fs_id),
            call("describe_backup_policy", absent=(*ABSENT, "PolicyNotFound"), FileSystemId=fs_id),
            call("describe_file_system_policy", absent=(*ABSENT, "PolicyNotFound"), FileSystemId=fs_id),
            call("describe_mount_targets", absent=ABSENT, FileSystemId=fs_id),
        ]
    )
    if lifecycle is None or targets is None:
        return None
    by_subnet = {target["SubnetId"]: target for target in targets["MountTargets"]}
    return Answer(
        described=described,
        lifecycle=lifecycle["LifecyclePolicies"],
        backup=((backup or {}).get("BackupPolicy") or {}).get("Status") in {"ENABLED", "ENABLING"},
        policy=_without_resource(policy["Policy"], described["FileSystemArn"]) if policy else None,
        targets=by_subnet,
        groups=_groups(aws, by_subnet),
    )


def _groups(aws: Aws, targets: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    gone = ("MountTargetNotFound", "IncorrectMountTargetState")
    call = functools.partial(aws.call, "efs", "describe_mount_target_security_groups", absent=gone)
    asks = [functools.partial(call, MountTargetId=target["MountTargetId"]) for target in targets.values()]
    answers = zip(targets, aws.gather(asks), strict=True)
    return {subnet: tuple(answer["SecurityGroups"]) for subnet, answer in answers if answer is not None}


def with_resource(policy: Policy, arn: str) -> str:
    """The policy as EFS takes it: each statement names the file system, which names itself only once it stands."""
    statements = [{**statement, "Resource": arn} for statement in policy.document["Statement"]]
    return json.dumps({**policy.document, "Statement": statements}, separators=(",", ":"))


def _without_resource(text: str, arn: str) -> Policy:
    document = json.loads(text)
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    kept = [
        {key: value for key, value in statement.items() if key != "Resource" or value not in (arn, [arn])}
        for statement in statements
    ]
    return Policy({"Version": document.get("Version", "2012-10-17"), "Statement": kept})
