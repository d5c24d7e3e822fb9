"""Workgroups: the capacity that works on a namespace, made and changed within minutes, one thing at a time."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from scrapectl.local.paging import page
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.redshift_serverless.state import (
    AVAILABLE,
    CREATING,
    DELETING,
    MODIFYING,
    Workgroup,
    check_idle,
    find_namespace,
    find_workgroup,
    invalid,
    state_in,
    workgroup_of,
)
from scrapectl.local.services.redshift_serverless.tags import check_tags
from scrapectl.local.services.warehouse_network import check_groups, default_subnets, subnets_of

_SERVICE = "redshift-serverless"
_PORT = 5439
_PORTS = (range(5431, 5456), range(8191, 8216))
_SMALLEST, _STEP, _LARGEST = 4, 8, 1024
_ZONES = 3


@operation(_SERVICE, "CreateWorkgroup")
def create(call: Call) -> Params:
    """Make a workgroup for a namespace that has none."""
    params, cloud = call.params, call.cloud
    name, namespace = params["workgroupName"], params["namespaceName"]
    state = state_in(cloud, call.region)
    if name in state.workgroups:
        raise Refusal("ConflictException", f"The workgroup {name} already exists.", 400)
    check_idle(find_namespace(call, namespace), "namespace")
    if workgroup_of(call, namespace) is not None:
        raise Refusal("ConflictException", f"The namespace {namespace} is associated with a workgroup already.", 400)
    number = str(uuid.uuid4())
    document: dict[str, Any] = {
        "workgroupName": name,
        "workgroupId": number,
        "workgroupArn": call.arn(f"workgroup/{number}"),
        "namespaceName": namespace,
        "baseCapacity": _capacity(params.get("baseCapacity", 128)),
        "port": _port(params.get("port", _PORT)),
        "publiclyAccessible": params.get("publiclyAccessible", False),
        "enhancedVpcRouting": params.get("enhancedVpcRouting", False),
        "configParameters": params.get("configParameters", []),
        "status": CREATING,
        "creationDate": datetime.fromtimestamp(cloud.clock.now(), UTC),
        **_network(call, params.get("subnetIds"), params.get("securityGroupIds")),
    }
    workgroup = Workgroup(document, check_tags(params.get("tags")))
    state.workgroups[name] = workgroup

    def be_available() -> None:
        address = f"{name}.{call.account}.{call.region}.{_SERVICE}.amazonaws.com"
        document["endpoint"] = {"address": address, "port": document["port"]}
        document["status"] = AVAILABLE

    workgroup.time.later(cloud.clock.now() + cloud.delays.warehouse_create, be_available)
    workgroup.time.settle(cloud.clock.now())
    return {"workgroup": document}


def _capacity(rpus: int) -> int:
    if rpus != _SMALLEST and (rpus % _STEP or not _STEP <= rpus <= _LARGEST):
        raise invalid(f"Base capacity {rpus} is invalid. It can be 4, 8, or a multiple of 8 up to 1024.")
    return rpus


def _port(port: int) -> int:
    if not any(port in ports for ports in _PORTS):
        raise invalid("The port must be within the range 5431-5455 or 8191-8215.")
    return port


def _network(call: Call, subnets: list[str] | None, groups: list[str] | None) -> dict[str, Any]:
    """Three zones ("Considerations when using Amazon Redshift Serverless"), and groups of the same VPC."""
    wrong = invalid(f"The subnets {subnets} are invalid.")
    found = subnets_of(call, subnets, wrong) if subnets else default_subnets(call)
    if len({subnet["AvailabilityZone"] for subnet in found}) < _ZONES:
        raise invalid("The subnets must cover at least 3 Availability Zones.")
    known = check_groups(call, groups or [], found[0]["VpcId"], invalid(f"The security groups {groups} are invalid."))
    return {"subnetIds": [subnet["SubnetId"] for subnet in found], "securityGroupIds": known}


@operation(_SERVICE, "GetWorkgroup")
def get(call: Call) -> Params:
    """Answer a workgroup."""
    return {"workgroup": find_workgroup(call, call.params["workgroupName"]).document}


@operation(_SERVICE, "ListWorkgroups")
def list_all(call: Call) -> Params:
    """Answer all."""
    found = [each.document for each in state_in(call.cloud, call.region).workgroups.values()]
    some, token = page(found, call.params.get("maxResults"), call.params.get("nextToken"))
    return {"workgroups": some, "nextToken": token}


@operation(_SERVICE, "UpdateWorkgroup")
def update(call: Call) -> Params:
    """Change one parameter; another is refused until it is done (UpdateWorkgroup, API reference)."""
    params, cloud = call.params, call.cloud
    workgroup = find_workgroup(call, params["workgroupName"])
    check_idle(workgroup, "workgroup")
    asked = {member: value for member, value in params.items() if member != "workgroupName"}
    if len(asked) != 1:
        raise invalid("You can't update multiple parameters in one request.")
    document = workgroup.document
    if "baseCapacity" in asked:
        _capacity(asked["baseCapacity"])
    if asked.keys() & {"subnetIds", "securityGroupIds"}:
        subnets = asked.get("subnetIds", document["subnetIds"])
        asked = _network(call, subnets, asked.get("securityGroupIds", document["securityGroupIds"]))
    document |= asked | {"status": MODIFYING}

    def done() -> None:
        document["status"] = AVAILABLE

    workgroup.time.later(cloud.clock.now() + cloud.delays.warehouse_modify, done)
    workgroup.time.settle(cloud.clock.now())
    return {"workgroup": document}


@operation(_SERVICE, "DeleteWorkgroup")
def delete(call: Call) -> Params:
    """Delete a workgroup; the data stays with its namespace."""
    name, cloud, region = call.params["workgroupName"], call.cloud, call.region
    workgroup = find_workgroup(call, name)
    check_idle(workgroup, "workgroup")
    workgroup.document["status"] = DELETING
    state = state_in(cloud, region)

    def be_gone() -> None:
        del state.workgroups[name]

    workgroup.time.later(cloud.clock.now() + cloud.delays.warehouse_delete, be_gone)
    answer = {"workgroup": dict(workgroup.document)}
    workgroup.time.settle(cloud.clock.now())
    return answer


@operation(_SERVICE, "GetCredentials")
def credentials(call: Call) -> Params:
    """Answer a user of the caller's own, for whom nothing is granted in any table."""
    find_workgroup(call, call.params["workgroupName"])
    until = datetime.fromtimestamp(call.cloud.clock.now(), UTC) + timedelta(
        seconds=call.params.get("durationSeconds", 900)
    )
    return {"dbUser": "IAMR:caller", "dbPassword": uuid.uuid4().hex, "expiration": until, "nextRefreshTime": until}
