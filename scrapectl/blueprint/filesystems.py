"""`filesystems` → EFS: each with its security group, mount targets, one policy, and an access point for each folder.

Whoever uses a file system comes through an access point: those of the spec's paths, and one more for each folder that
a copy reads or writes, since EFS makes the folder of an access point on first use, and no other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from scrapectl.blueprint import access, network
from scrapectl.blueprint.pipeline import DAY, function_groups, job_groups
from scrapectl.blueprint.scope import Scope
from scrapectl.blueprint.workflow.copies import copies_of
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Policy, Ref
from scrapectl.kinds.batch_container import BatchMount
from scrapectl.kinds.efs_access_point import EfsAccessPoint
from scrapectl.kinds.efs_file_system import EfsFileSystem, MountTarget
from scrapectl.kinds.security_group import SELF, Rule, SecurityGroup
from scrapectl.spec import names
from scrapectl.spec.model import FilePlace, FileSystem, Job

NFS = 2049
MOUNT, WRITE, AS_ROOT = (f"elasticfilesystem:Client{word}" for word in ("Mount", "Write", "RootAccess"))
_PLACES = {"cold_after": "cold_after_days", "kms": "kms_key"}
_DEEPEST = 4
"""Folders on the way to an access point's (CreateAccessPoint, EFS API reference)."""


@dataclass(frozen=True)
class Owner:
    """Who everyone acts as behind an access point; by itself, who a file system's own root belongs to."""

    uid: int = 0
    gid: int = 0
    mode: str = "755"


@dataclass(frozen=True)
class Door:
    """How a folder of a file system is come to: ids and ARN as references, or text of what is not ours.

    Attributes:
        name: The access point's name, or its id: another one is another way in.
        folder: What is left of the way behind the access point, "/" for nothing.
        as_root: Whether the access point's user is root, which IAM must allow apart.
    """

    file_system: Any
    access_point: Any
    access_point_arn: Any
    name: str
    folder: str = "/"
    as_root: bool = False


def desired(scope: Scope) -> Iterator[Desired]:
    """For each that is ours its group, itself, and its access points."""
    for system in scope.spec.filesystems.values():
        if system.existing is not None:
            continue
        yield scope.desire(_group_address(scope, system.key), _group(scope, system), system)
        places = {_PLACES.get(path, path): place for path, place in system.places.items() if "." not in path}
        more: dict[str, Any] = {"on_destroy": system.on_destroy, "places": places}
        yield scope.desire_entry("filesystems", system, _file_system(scope, system), **more)
        folders = dict.fromkeys(_folder(place) for place in _used(scope) if place.filesystem == system.key)
        for folder in dict.fromkeys([*system.paths, *folders]):
            point = _access_point(scope, system, folder)
            written = system.paths[folder.partition("/")[0]] if folder else system
            yield scope.desire(_point_address(scope, system.key, folder), point, written)


def door(scope: Scope, place: FilePlace) -> Door:
    """Say how a place is come to."""
    system = scope.spec.filesystems[place.filesystem]
    file_system = scope.ref("filesystems", system.key, "id")
    first, _, below = place.path.strip("/").partition("/")
    if system.existing is not None:
        point = str(system.paths[first].existing)
        return Door(file_system, point, _arn(scope, "access-point", point), point, f"/{below}")
    folder = _folder(place)
    address = _point_address(scope, system.key, folder)
    rest = place.path.strip("/").removeprefix(folder).strip("/")
    owner, name = _owner(system, folder), _access_point(scope, system, folder).name
    return Door(file_system, Ref(address, "id"), Ref(address, "arn"), name, f"/{rest}", 0 in {owner.uid, owner.gid})


def mounts_of(scope: Scope, job: Job) -> frozenset[BatchMount]:
    """What a job's containers mount."""
    doors = {path: door(scope, place) for path, place in job.mounts.items()}
    return frozenset(BatchMount(path, one.file_system, one.access_point) for path, one in doors.items())


def mount_statements(scope: Scope, places: Iterable[FilePlace], *, writes: bool = True) -> list[access.Statement]:
    """Leave to mount places, each through its access point alone."""
    found = []
    for place in sorted(set(places), key=str):
        one = door(scope, place)
        actions = [MOUNT, *([WRITE] if writes else []), *([AS_ROOT] if one.as_root else [])]
        condition = {"StringEquals": {"elasticfilesystem:AccessPointArn": one.access_point_arn}}
        found.append(access.allow(actions, [file_system_arn(scope, place.filesystem)], condition))
    return found


def file_system_arn(scope: Scope, key: str) -> Any:
    """A file system's ARN."""
    return scope.ref("filesystems", key, "arn")


def group_ref(scope: Scope, key: str, output: str = "id") -> Ref:
    """The group that a file system's mount targets are in, and DataSync with them."""
    return Ref(_group_address(scope, key), output)


def _file_system(scope: Scope, system: FileSystem) -> EfsFileSystem:
    provisioned = None if isinstance(system.throughput, str) else float(system.throughput)
    groups = (group_ref(scope, system.key),)
    return EfsFileSystem(
        name=scope.physical("filesystems", system.key),
        throughput=system.throughput if isinstance(system.throughput, str) else "provisioned",
        provisioned_mibps=provisioned,
        cold_after_days=None if system.cold_after is None else system.cold_after // DAY,
        backup=system.backup,
        kms_key=system.kms,
        policy=_POLICY,
        mount_targets=frozenset(MountTarget(subnet, groups) for subnet in network.one_in_each_zone(scope)),
    )


_POLICY = Policy(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "NothingInPlainText",
                "Effect": "Deny",
                "Principal": {"AWS": "*"},
                "Action": "*",
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
            {
                "Sid": "OnlyThroughAccessPoints",
                "Effect": "Deny",
                "Principal": {"AWS": "*"},
                "Action": [MOUNT, WRITE, AS_ROOT],
                "Condition": {"Null": {"elasticfilesystem:AccessPointArn": "true"}},
            },
        ],
    }
)
"""Once a file system has a policy, nobody comes in whom IAM does not let in: what opens it are the roles' policies."""


def _group(scope: Scope, system: FileSystem) -> SecurityGroup:
    """Let in what mounts it, and DataSync, which stands in the group itself."""
    jobs = any(_mounts(job, system) for job in scope.spec.jobs.values())
    functions = any(_mounts(function, system) for function in scope.spec.functions.values())
    users = (*(job_groups(scope) if jobs else ()), *(function_groups(scope) if functions else ()))
    return SecurityGroup(
        name=scope.name(names.SECURITY_GROUP_LIMIT, system.key, "mounts"),
        vpc=network.vpc(scope),
        description=f"Who may mount file system {system.key} of {scope.owner}",
        ingress=frozenset(Rule("tcp", NFS, NFS, source) for source in (*users, SELF)),
        egress=frozenset({Rule("tcp", NFS, NFS, SELF)}),
    )


def _mounts(user: Any, system: FileSystem) -> bool:
    return any(place.filesystem == system.key for place in user.mounts.values())


def _used(scope: Scope) -> Iterator[FilePlace]:
    """Every place that is mounted or copied from or to."""
    for job in scope.spec.jobs.values():
        yield from job.mounts.values()
    for function in scope.spec.functions.values():
        yield from function.mounts.values()
    for workflow in scope.spec.workflows.values():
        for step in copies_of(workflow.steps):
            yield from (place for place in (step.source, step.target) if isinstance(place, FilePlace))


def _folder(place: FilePlace) -> str:
    """The folder of the access point through which a place is come to."""
    return "/".join(place.path.strip("/").split("/")[:_DEEPEST])


def _owner(system: FileSystem, folder: str) -> Owner:
    if not folder:
        return Owner()
    path = system.paths[folder.partition("/")[0]]
    return Owner(path.uid, path.gid, path.mode)


def _access_point(scope: Scope, system: FileSystem, folder: str) -> EfsAccessPoint:
    """AWS lets nothing of it change, so that another value is another name: the new one stands before the old goes."""
    owner = _owner(system, folder)
    fixed = (system.key, folder, owner.uid, owner.gid, owner.mode)
    digest = hashlib.sha256(repr(fixed).encode()).hexdigest()[: names.HASH_DIGITS]
    whole = f"{scope.base(system.key, _word(folder))}-{digest}"
    file_system = scope.ref("filesystems", system.key, "id")
    name = names.fit(whole, names.NAME_TAG_LIMIT)
    return EfsAccessPoint(name, file_system, f"/{folder}", owner.uid, owner.gid, owner.mode)


def _word(folder: str) -> str:
    return folder.replace("/", "_") or "root"


def _point_address(scope: Scope, key: str, folder: str) -> str:
    return f"efs_access_point.{scope.base(key, _word(folder))}"


def _group_address(scope: Scope, key: str) -> str:
    return f"security_group.{scope.base(key, 'mounts')}"


def _arn(scope: Scope, kind: str, name: str) -> str:
    partition, region, account = scope.place
    return f"arn:{partition}:elasticfilesystem:{region}:{account}:{kind}/{name}"
