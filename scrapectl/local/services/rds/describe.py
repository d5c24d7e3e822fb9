"""What DescribeDBInstances answers."""

from __future__ import annotations

from typing import Any

from scrapectl.local.paging import page, tag_list
from scrapectl.local.registry import Call, Params, operation
from scrapectl.local.services.rds.stand_in import ADDRESS, NO_PORT
from scrapectl.local.services.rds.state import Instance, find, invalid, state_of

_FILTERS = {"db-instance-id", "dbi-resource-id", "engine", "db-cluster-id", "domain"}


@operation("rds", "DescribeDBInstances")
def describe(call: Call) -> Params:
    """Answer the named instance, or all that pass every filter, in pages."""
    params = call.params
    name = params.get("DBInstanceIdentifier")
    found = [find(call, _last_part(name))] if name else list(state_of(call).instances.values())
    for wanted in params.get("Filters") or []:
        if wanted["Name"] not in _FILTERS:
            raise invalid(f"Unrecognized filter name: {wanted['Name']}")
        found = [instance for instance in found if _passes(instance, wanted["Name"], wanted["Values"])]
    shown, marker = page(found, params.get("MaxRecords"), params.get("Marker"), code="InvalidParameterValue")
    return {"DBInstances": [document_of(instance) for instance in shown], "Marker": marker}


def _last_part(name_or_arn: str) -> str:
    return name_or_arn.rpartition(":")[2]


def _passes(instance: Instance, name: str, values: list[str]) -> bool:
    document = instance.document
    told = {
        "db-instance-id": {document["DBInstanceIdentifier"], document["DBInstanceArn"]},
        "dbi-resource-id": {document["DbiResourceId"]},
        "engine": {document["Engine"]},
    }
    return bool(told.get(name, set()) & {value.lower() if name == "engine" else value for value in values})


def document_of(instance: Instance) -> dict[str, Any]:
    """Return an instance as AWS answers it; it has an endpoint from when it first was there."""
    document = instance.document | {
        "TagList": tag_list(instance.tags),
        "PendingModifiedValues": dict(instance.pending),
    }
    if "InstanceCreateTime" in document:
        document["Endpoint"] = {"Address": ADDRESS, "Port": instance.port or NO_PORT, "HostedZoneId": "Z2R2ITUGPM61AM"}
    return document
