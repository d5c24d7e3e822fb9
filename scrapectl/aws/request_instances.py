"""What RDS, and Batch and EC2 for their instances, refuse because of several fields together → path and words for it.

Sources in brackets are those of the reference on AWS's behaviour, as in `request_limits`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Params = Mapping[str, Any]
Found = Iterator[tuple[str, str]]

_ON_INSTANCES = ("EC2", "SPOT")
_TEMPLATE_VERSIONS = ("", "$Default", "$Latest")
_RESERVED_USERS = {"": frozenset({"rdsadmin", "rdsrepladmin"}), "postgres": frozenset({"admin", "rds_superuser"})}
_LEAST_SUBNETS = 2
_LEAST_GROWTH = 110  # per cent of what it begins with [doc: USER_PIOPS.Autoscaling]


def instance_environment(params: Params) -> Found:
    """An environment of instances needs types and a profile; a template is held to a number or to a known word [pf]."""
    resources = params.get("computeResources") or {}
    if resources.get("type") in _ON_INSTANCES:
        for field in ("instanceRole", "instanceTypes", "subnets", "maxvCpus"):
            if not resources.get(field):
                yield f"computeResources.{field}", f"is required for {resources['type']}"
        if resources["type"] == "SPOT" and resources.get("allocationStrategy", "BEST_FIT") == "BEST_FIT":
            yield "computeResources.spotIamFleetRole", "is required for SPOT with the strategy BEST_FIT"
    version = str((resources.get("launchTemplate") or {}).get("version", ""))
    if version not in _TEMPLATE_VERSIONS and not version.isdigit():
        yield "computeResources.launchTemplate.version", f"{version} is neither a number, $Default nor $Latest"


def no_update_policy(params: Params) -> Found:
    """How instances are replaced is said with an update alone [tf]."""
    if "updatePolicy" in params:
        yield "updatePolicy", "cannot be given at creation"


def database(params: Params) -> Found:
    """A password is managed or given; storage may grow by a tenth at least; some users are AWS's own [pf, doc]."""
    if params.get("ManageMasterUserPassword") and params.get("MasterUserPassword"):
        yield "MasterUserPassword", "excludes ManageMasterUserPassword"
    size, most = params.get("AllocatedStorage"), params.get("MaxAllocatedStorage")
    if size and most and most != size and most * 100 < size * _LEAST_GROWTH:
        yield "MaxAllocatedStorage", f"{most} is less than a tenth above AllocatedStorage, which is {size}"
    reserved = _RESERVED_USERS[""] | _RESERVED_USERS.get(str(params.get("Engine")), frozenset())
    if str(params.get("MasterUsername", "")).lower() in reserved:
        yield "MasterUsername", f"{params['MasterUsername']} is a user of AWS's own"
    if params.get("MultiAZ") and params.get("AvailabilityZone"):
        yield "AvailabilityZone", "excludes MultiAZ"


def database_change(params: Params) -> Found:
    """The same; and something has to change."""
    yield from database(params)
    if not set(params) - {"DBInstanceIdentifier", "ApplyImmediately"}:
        yield "", "changes nothing"


def end_of_database(params: Params) -> Found:
    """A final snapshot, or none: one of them is said [bc]."""
    skips, named = bool(params.get("SkipFinalSnapshot")), bool(params.get("FinalDBSnapshotIdentifier"))
    if skips == named:
        yield "FinalDBSnapshotIdentifier", "is required unless SkipFinalSnapshot is set, and refused when it is"


def subnet_group(params: Params) -> Found:
    """A group covers two zones at least, so that it has two subnets [bc]."""
    if len(set(params.get("SubnetIds") or ())) < _LEAST_SUBNETS:
        yield "SubnetIds", "holds fewer than two subnets"


INSTANCE_RULES: Mapping[tuple[str, str], tuple[Callable[[Params], Found], ...]] = {
    ("rds", "CreateDBInstance"): (database,),
    ("rds", "ModifyDBInstance"): (database_change,),
    ("rds", "DeleteDBInstance"): (end_of_database,),
    ("rds", "CreateDBSubnetGroup"): (subnet_group,),
    ("rds", "ModifyDBSubnetGroup"): (subnet_group,),
}
