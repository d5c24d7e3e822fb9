"""StartDBInstance, StopDBInstance and RebootDBInstance; what is stopped for a week is started again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scrapectl.local.registry import Call, Params, operation
from scrapectl.local.services.rds import stand_in
from scrapectl.local.services.rds.describe import document_of
from scrapectl.local.services.rds.snapshots import take
from scrapectl.local.services.rds.state import USABLE, Instance, contradicts, find, wrong_state

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

_LONGEST_REST = 7 * 86_400


@operation("rds", "StopDBInstance")
def stop(call: Call) -> Params:
    """Stop an instance that is available, with a snapshot before if wanted."""
    instance, cloud = find(call), call.cloud
    if instance.status != "available" or instance.steps:
        raise wrong_state(f"Instance {instance.name} is not in available state.")
    if call.params.get("DBSnapshotIdentifier"):
        take(call, instance, call.params["DBSnapshotIdentifier"], {})
    instance.becomes("stopping")
    stand_in.stop(cloud, instance)
    stopped_at = cloud.clock.now() + cloud.delays.database_stop

    def rest() -> None:
        instance.becomes("stopped")
        again = stopped_at + _LONGEST_REST
        instance.document["AutomaticRestartTime"] = datetime.fromtimestamp(again, UTC)
        instance.later(again, lambda: _begin_start(cloud, instance))

    instance.later(stopped_at, rest)
    return {"DBInstance": document_of(instance)}


@operation("rds", "StartDBInstance")
def start(call: Call) -> Params:
    """Start an instance that is stopped."""
    instance = find(call)
    if instance.status != "stopped":
        raise wrong_state(
            f"Instance {instance.name} cannot be started as it is not in one of the following statuses: 'stopped, "
            "inaccessible-encryption-credentials-recoverable, incompatible-network (only valid for non-SqlServer "
            "instances)'."
        )
    _begin_start(call.cloud, instance)
    return {"DBInstance": document_of(instance)}


def _begin_start(cloud: Cloud, instance: Instance) -> None:
    instance.steps.clear()  # the restart after a week
    instance.document.pop("AutomaticRestartTime", None)
    instance.becomes("starting")
    stand_in.start(cloud, instance)
    instance.later(cloud.clock.now() + cloud.delays.database_start, lambda: instance.becomes("available"))


@operation("rds", "RebootDBInstance")
def reboot(call: Call) -> Params:
    """Restart an instance that runs."""
    instance, cloud = find(call), call.cloud
    if instance.status not in USABLE or instance.steps:
        raise wrong_state("Instance cannot currently reboot due to an in-progress management operation.")
    if call.params.get("ForceFailover") and not instance.document["MultiAZ"]:
        raise contradicts("MultiAZ failover is not allowed for a non-MultiAZ instance.")
    before = instance.status
    instance.becomes("rebooting")
    stand_in.restart(cloud, instance)
    instance.later(cloud.clock.now() + cloud.delays.database_start, lambda: instance.becomes(before))
    return {"DBInstance": document_of(instance)}
