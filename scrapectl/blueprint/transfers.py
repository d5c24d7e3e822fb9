"""`copy` steps of workflows → DataSync: a location with a role of its own for each place, a task for each copy."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scrapectl.blueprint import access, network
from scrapectl.blueprint.filesystems import NFS, door, file_system_arn, group_ref, mount_statements
from scrapectl.blueprint.role import make_role, role_ref, trust_for
from scrapectl.blueprint.scope import Scope
from scrapectl.blueprint.workflow.copies import copies_of, folder_of
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref
from scrapectl.kinds.datasync_location_efs import DatasyncLocationEfs
from scrapectl.kinds.datasync_location_s3 import DatasyncLocationS3
from scrapectl.kinds.datasync_task import DatasyncTask
from scrapectl.kinds.security_group import Rule, SecurityGroup
from scrapectl.spec import names
from scrapectl.spec.model import BucketPlace, CopyStep, FilePlace, FileSystem

# AWS-FACTS §21, split by what each end does.
ON_BUCKET = ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads")
READ = ("s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion", "s3:ListMultipartUploadParts")
WRITE = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:PutObject", "s3:PutObjectTagging")
_GROUP = "transfers"


@dataclass(frozen=True)
class Stop:
    """A place as copies use it; what is both read and written is one location."""

    place: BucketPlace | FilePlace
    written: CopyStep
    writes: bool

    @property
    def key(self) -> str:
        """The bucket or the file system."""
        return self.place.bucket if isinstance(self.place, BucketPlace) else self.place.filesystem


def desired(scope: Scope) -> Iterator[Desired]:
    """Roles and locations of every place that is copied from or to, then the tasks."""
    grouped: set[str] = set()
    for stop in _stops(scope).values():
        yield _role(scope, stop)
        if isinstance(stop.place, FilePlace) and stop.key not in grouped:
            grouped.add(stop.key)
            yield from _group(scope, scope.spec.filesystems[stop.key])
        yield scope.desire(_address(scope, stop.place), _location(scope, stop), stop.written)
    for workflow in scope.spec.workflows.values():
        for number, step in enumerate(copies_of(workflow.steps), 1):
            yield scope.desire(
                _task_address(scope, workflow.key, number), _task(scope, workflow.key, number, step), step
            )


def _task(scope: Scope, workflow: str, number: int, step: CopyStep) -> DatasyncTask:
    """Its ends cannot be changed, and a machine names it: with other ends it has another name, and stands first."""
    ends = _digest((_name(scope, step.source), _name(scope, step.target)))
    return DatasyncTask(
        name=names.fit(f"{scope.base(workflow)}-{number}-{ends}", names.NAME_TAG_LIMIT),
        source=Ref(_address(scope, step.source), "arn"),
        target=Ref(_address(scope, step.target), "arn"),
    )


def task_ref(scope: Scope, workflow: str, number: int) -> Ref:
    """The ARN of the task of a workflow's copy; they are counted from 1, as `copies_of` lists them."""
    return Ref(_task_address(scope, workflow, number), "arn")


def _stops(scope: Scope) -> dict[str, Stop]:
    """Every place by its location's address."""
    found: dict[str, Stop] = {}
    for workflow in scope.spec.workflows.values():
        for step in copies_of(workflow.steps):
            for place, writes in ((step.source, False), (step.target, True)):
                address = _address(scope, place)
                before = found.get(address)
                found[address] = Stop(place, step, writes or (before is not None and before.writes))
    return found


def _location(scope: Scope, stop: Stop) -> DatasyncLocationS3 | DatasyncLocationEfs:
    place, role = stop.place, role_ref(scope, _role_what(stop))
    if isinstance(place, BucketPlace):
        bucket = scope.ref("buckets", place.bucket, "arn")
        return DatasyncLocationS3(_name(scope, place), bucket, folder_of(place), role)
    one, subnet = door(scope, place), network.one_in_each_zone(scope)[0]
    return DatasyncLocationEfs(
        name=_name(scope, place),
        file_system=file_system_arn(scope, place.filesystem),
        access_point=one.access_point_arn,
        path=one.folder,
        subnet=_arn_of(scope, "subnet", subnet),
        security_groups=(_group_ref(scope, scope.spec.filesystems[place.filesystem]),),
        role=role,
    )


def _role(scope: Scope, stop: Stop) -> Desired:
    partition, region, account = scope.place
    trust = trust_for("datasync.amazonaws.com", scope, "ArnLike", f"arn:{partition}:datasync:{region}:{account}:*")
    description = f"What DataSync may do at {stop.place} for {scope.owner}"
    return make_role(scope, _role_what(stop), trust, _leave(scope, stop), stop.written, description=description)


def _leave(scope: Scope, stop: Stop) -> list[access.Statement]:
    place = stop.place
    if isinstance(place, FilePlace):
        return mount_statements(scope, [place], writes=stop.writes)
    arn = scope.arn("buckets", place.bucket)
    return [
        access.allow(ON_BUCKET, [arn]),
        access.allow((*READ, *(WRITE if stop.writes else ())), [f"{arn}/{folder_of(place)}*"]),
        *access.key_statements(scope, place.bucket, writes=stop.writes),
    ]


def _role_what(stop: Stop) -> str:
    """Named by the place alone: a location keeps its role, also when what was read is written, too."""
    return f"transfer-{_digest(_spelled(stop.place))}"


def _group(scope: Scope, system: FileSystem) -> Iterator[Desired]:
    """In a file system of ours DataSync stands in its own group; in another's in one that can do nothing else."""
    if system.existing is None:
        return
    group = SecurityGroup(
        name=scope.name(names.SECURITY_GROUP_LIMIT, system.key, _GROUP),
        vpc=network.vpc(scope),
        description=f"DataSync of {scope.owner}, on its way to file system {system.key}",
        egress=frozenset({Rule("tcp", NFS, NFS, "0.0.0.0/0")}),
    )
    yield scope.desire(f"security_group.{scope.base(system.key, _GROUP)}", group, system)


def _group_ref(scope: Scope, system: FileSystem) -> Ref:
    if system.existing is None:
        return group_ref(scope, system.key, "arn")
    return Ref(f"security_group.{scope.base(system.key, _GROUP)}", "arn")


def _arn_of(scope: Scope, kind: str, known: Any) -> Any:
    """The ARN of what is known by its id, or is yet to be made."""
    if isinstance(known, Ref):
        return Ref(known.address, "arn")
    partition, region, account = scope.place
    return f"arn:{partition}:ec2:{region}:{account}:{kind}/{known}"


def _name(scope: Scope, place: BucketPlace | FilePlace) -> str:
    """A location cannot be changed, so that another place, or another way to it, is another name."""
    way = (network.one_in_each_zone(scope)[0], door(scope, place).name) if isinstance(place, FilePlace) else ()
    key = place.filesystem if isinstance(place, FilePlace) else place.bucket
    return names.fit(f"{scope.base(key)}-{_digest((_spelled(place), repr(way)))}", names.NAME_TAG_LIMIT)


def _address(scope: Scope, place: BucketPlace | FilePlace) -> str:
    kind = "s3" if isinstance(place, BucketPlace) else "efs"
    key = place.filesystem if isinstance(place, FilePlace) else place.bucket
    return f"datasync_location_{kind}.{scope.base(key)}-{_digest(_spelled(place))}"


def _task_address(scope: Scope, workflow: str, number: int) -> str:
    return f"datasync_task.{scope.base(workflow)}-{number}"


def _spelled(place: BucketPlace | FilePlace) -> str:
    """One spelling for `raw/in` and `raw/in/`, which DataSync takes for the same."""
    if isinstance(place, BucketPlace):
        return f"{place.bucket}/{folder_of(place)}"
    return f"{place.filesystem}/{place.path.strip('/')}"


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:6]
