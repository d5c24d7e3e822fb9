"""(what is wanted, what stood, what was sent) → what stands once AWS has settled: for rehearsing steps (pure)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from scrapectl.engine.resource import Live, Resource
from scrapectl.kinds.appstream_fleet import RUNNING, AppstreamFleet
from scrapectl.kinds.appstream_fleet import STOPPED as STOPPED_FLEET
from scrapectl.kinds.batch_job_definition import BatchJobDefinition
from scrapectl.kinds.efs_file_system import EfsFileSystem
from scrapectl.kinds.lambda_function import LambdaFunction
from scrapectl.kinds.rds_answer import STOPPED, Standing
from scrapectl.kinds.rds_instance import STOP_AGAIN, RdsInstance

_ENDS = ("Delete", "Deregister", "Terminate", "Remove", "Detach", "Unsubscribe")


def imagined(resource: Resource, before: Live | None, sent: Sequence[str]) -> Live | None:
    """What stands after a step, READY; None when it is gone.

    Most kinds take all that is wanted in one step. Those that do not have their own way below. What ends is disabled
    first where it can be: `sent` names no call that ends it.

    Args:
        resource: As wanted; of what ends, as it stood.
        before: What stood before the step; None: nothing.
        sent: The operations of the step, in AWS's words.
    """
    stood = before or Live(resource, {})
    if before is not None and resource is before.resource:
        return _ending(before, sent)
    way = _WAYS.get(resource.kind)
    return way(resource, stood, sent) if way else dataclasses.replace(stood, resource=resource)


def _ending(live: Live, sent: Sequence[str]) -> Live | None:
    resource: Any = live.resource
    if resource.kind == EfsFileSystem.kind and "DeleteFileSystem" not in sent:  # its mount targets went first
        return dataclasses.replace(live, resource=dataclasses.replace(resource, mount_targets=frozenset()), detail={})
    if resource.kind == AppstreamFleet.kind and "DeleteFleet" not in sent:
        return _stands_still(live, resource)
    if sent[-1].startswith(_ENDS) or getattr(resource, "state", None) != "ENABLED":
        return None
    return dataclasses.replace(live, resource=dataclasses.replace(resource, state="DISABLED"))


def _function(want: Any, stood: Live, sent: Sequence[str]) -> Live:
    """Code, configuration and permissions are written one after the other."""
    live: Any = stood.resource
    names = ("permissions", "concurrency", "on_failure", "retries", "within_seconds")
    rest = {name: getattr(want, name) for name in names}
    code = {"code": want.code, "image": want.image, "platform": want.platform}
    if "CreateFunction" in sent:
        now = dataclasses.replace(want, **{name: getattr(LambdaFunction, name) for name in names})  # their defaults
    elif "UpdateFunctionCode" in sent:
        now = dataclasses.replace(live, **code)
    elif "UpdateFunctionConfiguration" in sent:
        still = {name: getattr(live, name) for name in (*rest, *code)}
        now = dataclasses.replace(want, **still)
    else:
        now = dataclasses.replace(live, **rest)
    return dataclasses.replace(stood, resource=now)


def _database(want: Any, stood: Live, sent: Sequence[str]) -> Live:
    """A stopped one is started, changed, stopped again, and its mark taken off."""
    resource: Any = want if {"CreateDBInstance", "ModifyDBInstance"} & set(sent) else stood.resource
    tags = dict(stood.tags)
    standing = stood.detail if isinstance(stood.detail, Standing) else Standing()
    if "AddTagsToResource" in sent:
        tags[STOP_AGAIN] = "true"
    if "RemoveTagsFromResource" in sent:
        tags.pop(STOP_AGAIN, None)
    if "StopDBInstance" in sent:
        standing = Standing(STOPPED)
    elif set(sent) - {"AddTagsToResource", "RemoveTagsFromResource"}:
        standing = Standing()
    return dataclasses.replace(stood, resource=resource, tags=tags, detail=standing)


def _definition(want: Any, stood: Live, sent: Sequence[str]) -> Live:
    """A new revision, or those beyond the ones to keep gone."""
    revisions = tuple(stood.detail or ())
    revisions = (*revisions, "(new)") if "RegisterJobDefinition" in sent else revisions[-want.keep_revisions :]
    return dataclasses.replace(stood, resource=want, detail=revisions)


def _file_system(want: Any, stood: Live, sent: Sequence[str]) -> Live:
    """Everything but what the create call takes is written once it stands."""
    if "CreateFileSystem" in sent:
        bare = dataclasses.replace(want, cold_after_days=None, policy=None, mount_targets=frozenset())
        return dataclasses.replace(stood, resource=bare, detail={})
    targets = {target.subnet: {"MountTargetId": ""} for target in want.mount_targets}
    return dataclasses.replace(stood, resource=want, detail=targets)


def _fleet(want: Any, stood: Live, sent: Sequence[str]) -> Live:
    """It is changed while it stands still, and then started."""
    if "StartFleet" in sent:
        return dataclasses.replace(stood, resource=want, detail=RUNNING)
    return _stands_still(stood, stood.resource if "StopFleet" in sent else want)


def _stands_still(live: Live, fleet: Any) -> Live:
    return dataclasses.replace(live, resource=dataclasses.replace(fleet, running=False), detail=STOPPED_FLEET)


_WAYS: dict[str, Callable[[Any, Live, Sequence[str]], Live]] = {
    LambdaFunction.kind: _function,
    RdsInstance.kind: _database,
    BatchJobDefinition.kind: _definition,
    EfsFileSystem.kind: _file_system,
    AppstreamFleet.kind: _fleet,
}
