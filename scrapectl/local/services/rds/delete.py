"""DeleteDBInstance: with a final snapshot or without, its password's secret with it."""

from __future__ import annotations

from scrapectl.local.registry import Call, Params, operation
from scrapectl.local.services.rds import stand_in
from scrapectl.local.services.rds.describe import document_of
from scrapectl.local.services.rds.passwords import drop_secret
from scrapectl.local.services.rds.snapshots import check_final, take
from scrapectl.local.services.rds.state import contradicts, find, state_of, wrong_state


@operation("rds", "DeleteDBInstance")
def delete(call: Call) -> Params:
    """Delete an instance in whatever state, a protected one excepted; its name is free when it is gone."""
    instance, params, cloud, region = find(call), call.params, call.cloud, call.region
    skip, final = params.get("SkipFinalSnapshot", False), params.get("FinalDBSnapshotIdentifier")
    if instance.status == "deleting":
        raise wrong_state(f"Instance {instance.name} is already being deleted.")
    if instance.document["DeletionProtection"]:
        raise contradicts("Cannot delete protected DB Instance, please disable deletion protection and try again.")
    if skip and final:
        raise contradicts("FinalDBSnapshotIdentifier can not be specified when SkipFinalSnapshot is specified.")
    if not skip and not final:
        raise contradicts("FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.")
    if final:
        check_final(call, instance, final)
        take(call, instance, final, {})
    instance.becomes("deleting")
    instance.steps.clear()
    instance.window = None
    stand_in.remove(cloud, instance)
    instances = state_of(call).instances

    def be_gone() -> None:
        drop_secret(cloud, region, instance)
        del instances[instance.name]

    instance.later(cloud.clock.now() + cloud.delays.database_delete, be_gone)
    return {"DBInstance": document_of(instance)}
