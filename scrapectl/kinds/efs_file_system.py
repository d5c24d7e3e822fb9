"""Turns a file system into EFS's: encrypted, found by its creation token, with its mount targets and its one policy."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from scrapectl.engine.marks import Fixed, Identity
from scrapectl.engine.ownership import PIPELINE
from scrapectl.engine.resource import Aws, Key, Live, Needs, Pace, Removal, Resource, Scopes, Update
from scrapectl.engine.values import Policy
from scrapectl.kinds.efs_answer import ABSENT, OWN_KEY, Answer, ask, with_resource
from scrapectl.kinds.efs_answer import MountTarget as MountTarget  # noqa: PLC0414 - part of this kind's words
from scrapectl.kinds.named_by_tag import named, unnamed
from scrapectl.kinds.tags import tag_list, tags_from_list

ONE_BY_ONE = 8
EMPTY = 6144
"""Bytes that EFS meters of a file system in which nothing was ever written: its root folder."""
_INTERFACES = ("ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets")


@dataclass(frozen=True, kw_only=True)
class EfsFileSystem(Resource):
    """A file system for general use.

    Attributes:
        name: At most 64 characters: it is the creation token too, which AWS takes once.
        throughput: "elastic", "bursting" or "provisioned".
        provisioned_mibps: MiB/s with "provisioned", else None.
        cold_after_days: 1, 7, 14, 30, 60, 90, 180, 270 or 365; None: files never grow cold.
        backup: Whether AWS Backup keeps a copy each day.
        kms_key: ARN of the user's key; None: AWS's own.
        policy: Without `Resource`: this file system is meant.
        mount_targets: One in a zone at most, all in one VPC.
    """

    name: Identity[str]
    throughput: str = "elastic"
    provisioned_mibps: float | None = None
    cold_after_days: int | None = None
    backup: bool = True
    kms_key: Fixed[str | None] = None
    policy: Policy | None = None
    mount_targets: frozenset[MountTarget] = frozenset()

    kind: ClassVar[str] = "efs_file_system"
    named_by_tag: ClassVar[bool] = True
    holds_data: ClassVar[bool] = True
    contents_name: ClassVar[tuple[str, str]] = ("byte", "bytes")
    tells_the_spec: ClassVar[bool] = True
    # A mount target takes one to two minutes, and its interface some to go (AWS-FACTS §15, §19).
    pace: ClassVar[Pace] = Pace(first=2.0, interval=3.0, limit=600.0)
    needs: ClassVar[Needs] = Needs(
        read=(
            "elasticfilesystem:DescribeBackupPolicy",
            "elasticfilesystem:DescribeFileSystemPolicy",
            "elasticfilesystem:DescribeFileSystems",
            "elasticfilesystem:DescribeLifecycleConfiguration",
            "elasticfilesystem:DescribeMountTargetSecurityGroups",
            "elasticfilesystem:DescribeMountTargets",
            "kms:DescribeKey",
        ),
        create=("elasticfilesystem:CreateFileSystem", "elasticfilesystem:TagResource"),
        update=(
            *_INTERFACES,
            "ec2:DeleteNetworkInterface",
            "ec2:ModifyNetworkInterfaceAttribute",
            "elasticfilesystem:CreateMountTarget",
            "elasticfilesystem:DeleteFileSystemPolicy",
            "elasticfilesystem:DeleteMountTarget",
            "elasticfilesystem:ModifyMountTargetSecurityGroups",
            "elasticfilesystem:PutBackupPolicy",
            "elasticfilesystem:PutFileSystemPolicy",
            "elasticfilesystem:PutLifecycleConfiguration",
            "elasticfilesystem:TagResource",
            "elasticfilesystem:UntagResource",
            "elasticfilesystem:UpdateFileSystem",
            "iam:CreateServiceLinkedRole",
        ),
        delete=(
            "ec2:DeleteNetworkInterface",
            "elasticfilesystem:DeleteFileSystem",
            "elasticfilesystem:DeleteMountTarget",
            "elasticfilesystem:DescribeFileSystems",
        ),
        owned=("elasticfilesystem:DescribeFileSystems",),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {
            "elasticfilesystem:file-system": ("elasticfilesystem:{region}:{account}:file-system/{tagged}",),
            "ec2:network-interface": ("ec2:{region}:{account}:network-interface/{any}",),
            "ec2:security-group": ("ec2:{region}:{account}:security-group/{any}",),
            "ec2:subnet": ("ec2:{region}:{account}:subnet/{any}",),
            "kms:key": ("kms:{region}:{account}:key/{any}",),
        },
        linked=("elasticfilesystem.amazonaws.com", "backup.amazonaws.com"),
    )

    @classmethod
    def read_many(cls, aws: Aws, keys: Sequence[Key]) -> dict[Key, Live]:
        """Find them by their tokens, all in one listing when they are many; then ask of each what that leaves out."""
        names = [name for (name,) in keys]
        listing: Any = functools.partial(aws.pages, "efs", "describe_file_systems", "FileSystems")
        asks = [functools.partial(listing, CreationToken=name) for name in names]
        pages = aws.gather(asks) if len(names) <= ONE_BY_ONE else [listing()]
        described = [one for found in pages for one in found if one["CreationToken"] in names]
        if not described:
            return {}
        own_key = aws.call("kms", "describe_key", absent=("NotFoundException",), KeyId=OWN_KEY)
        own_arn = own_key["KeyMetadata"]["Arn"] if own_key else None
        answers = aws.gather([functools.partial(ask, aws, one) for one in described])
        lives = [cls._live(answer, own_arn) for answer in answers if answer is not None]
        return {live.resource.key(): live for live in lives}

    @classmethod
    def _live(cls, answer: Answer, own_key: str | None) -> Live:
        described = answer.described
        key = described.get("KmsKeyId")
        resource = cls(
            name=described["CreationToken"],
            throughput=described["ThroughputMode"],
            provisioned_mibps=described.get("ProvisionedThroughputInMibps"),
            cold_after_days=answer.cold_after_days,
            backup=answer.backup,
            kms_key=None if key == own_key else key,
            policy=answer.policy,
            mount_targets=answer.mount_targets,
        )
        outputs = {"arn": described["FileSystemArn"], "id": described["FileSystemId"], "name": resource.name}
        tags = unnamed(tags_from_list(described.get("Tags", ())))
        return Live(resource, outputs, tags, *answer.state(), detail=answer.targets)

    def create(self, aws: Aws, tags: Mapping[str, str]) -> None:
        """Make it; all else waits until it is available. A token that was used says that it stands already."""
        chosen: dict[str, Any] = {"KmsKeyId": self.kms_key} if self.kms_key else {}
        aws.call(
            "efs",
            "create_file_system",
            absent=("FileSystemAlreadyExists",),
            CreationToken=self.name,
            PerformanceMode="generalPurpose",
            Encrypted=True,
            Backup=self.backup,
            Tags=tag_list(named(tags, self.name)),
            **chosen,
            **self._throughput(),
        )

    def _throughput(self) -> dict[str, Any]:
        given = {} if self.provisioned_mibps is None else {"ProvisionedThroughputInMibps": self.provisioned_mibps}
        return {"ThroughputMode": self.throughput, **given}

    def update(self, aws: Aws, update: Update) -> None:
        """Write each part that differs; throughput last, after which EFS takes nothing for a while."""
        fs_id, changed = update.live.outputs["id"], update.changed
        if "mount_targets" in changed:
            self._change_targets(aws, update.live)
        if "cold_after_days" in changed:
            days = self.cold_after_days
            policies = [] if days is None else [{"TransitionToIA": f"AFTER_{days}_DAY{'S' if days > 1 else ''}"}]
            aws.call("efs", "put_lifecycle_configuration", FileSystemId=fs_id, LifecyclePolicies=policies)
        if "backup" in changed:
            status = {"Status": "ENABLED" if self.backup else "DISABLED"}
            aws.call("efs", "put_backup_policy", FileSystemId=fs_id, BackupPolicy=status)
        if "policy" in changed and self.policy is None:
            aws.call("efs", "delete_file_system_policy", FileSystemId=fs_id)
        elif "policy" in changed and self.policy is not None:
            text = with_resource(self.policy, update.live.outputs["arn"])
            aws.call("efs", "put_file_system_policy", FileSystemId=fs_id, Policy=text)
        if changed & {"throughput", "provisioned_mibps"}:
            aws.call("efs", "update_file_system", FileSystemId=fs_id, **self._throughput())

    def _change_targets(self, aws: Aws, live: Live) -> None:
        """Take away first: a zone has one at most, and the old one is in the way until it is gone."""
        wanted = {target.subnet: target for target in self.mount_targets}
        stale = [target for subnet, target in live.detail.items() if subnet not in wanted]
        _delete_targets(aws, stale)
        for subnet, target in sorted(wanted.items()):
            groups = list(target.security_groups)
            if subnet not in live.detail and not stale:
                made = {"FileSystemId": live.outputs["id"], "SubnetId": subnet, "SecurityGroups": groups}
                aws.call("efs", "create_mount_target", blind_retry=False, **made)
            elif subnet in live.detail and target not in live.resource.mount_targets:  # type: ignore[attr-defined]
                target_id = live.detail[subnet]["MountTargetId"]
                more = {"MountTargetId": target_id, "SecurityGroups": groups}
                aws.call("efs", "modify_mount_target_security_groups", **more)

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete its mount targets, then itself; EFS takes all that is in it away with it."""
        del removal
        if live.detail:
            _delete_targets(aws, list(live.detail.values()))
        else:
            aws.call("efs", "delete_file_system", absent=ABSENT, FileSystemId=live.outputs["id"])

    @classmethod
    def contents(cls, aws: Aws, live: Live) -> int:
        """Bytes beyond an empty root folder, as EFS metered them last: of what was just written it may not know yet."""
        found = aws.call("efs", "describe_file_systems", absent=ABSENT, FileSystemId=live.outputs["id"])
        size = int(found["FileSystems"][0]["SizeInBytes"]["Value"]) if found else 0
        return size if size > EMPTY else 0

    @classmethod
    def remains_of(cls, live: Live) -> str:
        """What AWS Backup made of it stays in its vault."""
        kept = live.resource.backup  # type: ignore[attr-defined]
        return "its automatic backups, which AWS Backup keeps for up to 35 days" if kept else ""

    @classmethod
    def owned(cls, aws: Aws, owner: str) -> list[Key]:
        """List by tag: an ARN holds the id, and the key is the token."""
        found = aws.pages("efs", "describe_file_systems", "FileSystems")
        return [(one["CreationToken"],) for one in found if tags_from_list(one["Tags"]).get(PIPELINE) == owner]


def _delete_targets(aws: Aws, targets: Sequence[Mapping[str, Any]]) -> None:
    for target in targets:
        if target["LifeCycleState"] != "deleting":
            target_id = target["MountTargetId"]
            aws.call("efs", "delete_mount_target", absent=("MountTargetNotFound",), MountTargetId=target_id)
