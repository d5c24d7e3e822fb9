"""Compute environments: created only when ENABLED, VALID after a while, deleted only when disabled and detached."""

from __future__ import annotations

import uuid
from typing import Any

from scrapectl.local.paging import page
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services import iam
from scrapectl.local.services.batch.state import Resource, check_name, find, named, refuse, state_of
from scrapectl.local.services.batch.tags import check_tags

FARGATE = {"FARGATE", "FARGATE_SPOT"}
LINKED_ROLE = "aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"
HEALTHY = "ComputeEnvironment Healthy"
MOST = 50

_NOT_FOR_FARGATE = (
    "allocationStrategy",
    "bidPercentage",
    "desiredvCpus",
    "ec2Configuration",
    "ec2KeyPair",
    "imageId",
    "instanceRole",
    "instanceTypes",
    "launchTemplate",
    "minvCpus",
    "placementGroup",
    "scalingPolicy",
    "spotIamFleetRole",
    "tags",
)
_UPDATING_STRATEGIES = {"BEST_FIT_PROGRESSIVE", "SPOT_CAPACITY_OPTIMIZED", "SPOT_PRICE_CAPACITY_OPTIMIZED"}
_SCALING_FIELDS = {"minvCpus", "maxvCpus", "desiredvCpus"}


@operation("batch", "CreateComputeEnvironment")
def create(call: Call) -> Params:
    """Create an environment; it is CREATING, then VALID, or INVALID when its network or role is no good."""
    params, state = call.params, state_of(call)
    name = params["computeEnvironmentName"]
    check_name(name, "computeEnvironmentName")
    if name in state.environments:
        raise Refusal("ClientException", "Object already exists", 409)
    if len(state.environments) >= MOST:
        raise refuse("Number of compute environments exceeds the limit of 50")
    if params.get("state") == "DISABLED":
        raise refuse("Compute Environment must be created in ENABLED state.")
    resources = params.get("computeResources")
    _check_resources(params["type"], resources)
    tags = check_tags(params.get("tags"))
    arn = call.arn(f"compute-environment/{name}")
    document = {
        "computeEnvironmentName": name,
        "computeEnvironmentArn": arn,
        "ecsClusterArn": call.arn(f"cluster/AWSBatch-{name}-{uuid.uuid4()}", "ecs"),
        "type": params["type"],
        "state": "ENABLED",
        "computeResources": _normalised(resources) if resources else None,
        "serviceRole": params.get("serviceRole") or f"arn:aws:iam::{call.account}:role/{LINKED_ROLE}",
        "containerOrchestrationType": "EKS" if "eksConfiguration" in params else "ECS",
        "uuid": str(uuid.uuid4()),
    }
    state.environments[name] = resource = Resource(document)
    state.tags[arn] = tags
    _start(call, resource, "CREATING")
    return {"computeEnvironmentName": name, "computeEnvironmentArn": arn}


def _start(call: Call, resource: Resource, status: str) -> None:
    problem = _illness(call, resource.document)
    until = call.cloud.clock.now() + call.cloud.delays.compute_environment
    resource.move(status, "INVALID" if problem else "VALID", problem or HEALTHY, until)


def _check_resources(kind: str, resources: dict[str, Any] | None) -> None:
    if kind == "MANAGED" and not resources:
        raise refuse("computeResources must be provided for a MANAGED compute environment")
    if resources is None:
        return
    if resources["type"] in FARGATE:
        _check_fargate(kind, resources)
        return
    for needed in ("instanceRole", "instanceTypes", "subnets"):
        if kind == "MANAGED" and not resources.get(needed):
            raise refuse(f"computeResources.{needed} is required for {resources['type']}")
    strategy = resources.get("allocationStrategy", "BEST_FIT")
    if resources["type"] == "SPOT" and strategy == "BEST_FIT" and not resources.get("spotIamFleetRole"):
        raise refuse("spotIamFleetRole is required for SPOT with the BEST_FIT allocation strategy")


def _check_fargate(kind: str, resources: dict[str, Any]) -> None:
    if kind == "UNMANAGED":
        raise refuse("Fargate compute environments must be MANAGED")
    for unwanted in _NOT_FOR_FARGATE:
        if resources.get(unwanted) is not None:
            raise refuse(f"{unwanted} is not applicable for Fargate.")
    for needed, most in (("subnets", 16), ("securityGroupIds", 5)):
        if not 1 <= len(resources.get(needed) or []) <= most:
            raise refuse(f"computeResources.{needed} must hold between 1 and {most} items")
    if resources["maxvCpus"] < 1:
        raise refuse("maxvCpus must be greater than 0")


def _normalised(resources: dict[str, Any]) -> dict[str, Any]:
    """What Describe makes of them: lists and maps that were left out come back empty."""
    return {"instanceTypes": [], "tags": {}} | resources


def _illness(call: Call, document: Params) -> str | None:
    """Why the environment ends INVALID; None when it does not. AWS finds out only after the call succeeded."""
    role = document["serviceRole"]
    if LINKED_ROLE not in role and not iam.can_be_assumed(call.cloud, role, "batch.amazonaws.com"):
        return (
            f"CLIENT_ERROR - User: arn:aws:sts::{call.account}:assumed-role/aws-batch is not authorized to perform: "
            f"sts:AssumeRole on resource: {role}"
        )
    resources = document["computeResources"] or {}
    for ids, describe, key, answered in (
        ("subnets", "DescribeSubnets", "SubnetIds", "Subnets"),
        ("securityGroupIds", "DescribeSecurityGroups", "GroupIds", "SecurityGroups"),
    ):
        wanted = resources.get(ids) or []
        try:
            found = call.cloud.call("ec2", describe, {key: wanted}, call.region)[answered] if wanted else []
        except Refusal as refusal:
            return f"CLIENT_ERROR - {refusal.message}"
        if len(found) < len(set(wanted)):
            return f"CLIENT_ERROR - one of {', '.join(wanted)} does not exist"
    return None


@operation("batch", "UpdateComputeEnvironment")
def update(call: Call) -> Params:
    """Change what AWS can change in place; see the matrix in AWS-FACTS 2.2."""
    params = call.params
    resource = find(state_of(call).environments, params["computeEnvironment"], "ComputeEnvironment")
    document = resource.document
    if resource.moving:
        raise refuse(f"Cannot update, resource {document['computeEnvironmentName']} is being modified")
    changed = params.get("computeResources") or {}
    _check_update(document, params, changed)
    if document["computeResources"] is not None:
        # An empty list is how a client says "as it is", for Fargate.
        fargate = document["computeResources"]["type"] in FARGATE
        document["computeResources"] |= {
            k: v for k, v in changed.items() if v is not None and not (fargate and v == [])
        }
    document["state"] = params.get("state", document["state"])
    document["serviceRole"] = params.get("serviceRole", document["serviceRole"])
    if "unmanagedvCpus" in params:
        document["unmanagedvCpus"] = params["unmanagedvCpus"]
    if "updatePolicy" in params:
        document["updatePolicy"] = params["updatePolicy"]
    _start(call, resource, "UPDATING")
    return {
        "computeEnvironmentName": document["computeEnvironmentName"],
        "computeEnvironmentArn": document["computeEnvironmentArn"],
    }


def _check_update(document: Params, params: Params, changed: dict[str, Any]) -> None:
    role = params.get("serviceRole")
    if role is not None and (LINKED_ROLE in role) != (LINKED_ROLE in document["serviceRole"]):
        raise refuse("Cannot update the service role from or to the AWSServiceRoleForBatch service-linked role")
    before = document["computeResources"] or {}
    kind = before.get("type")
    if kind in FARGATE:
        for unwanted in _NOT_FOR_FARGATE:
            if changed.get(unwanted) is not None:
                raise refuse(f"{unwanted} is not applicable for Fargate.")
        if changed.get("type", kind) != kind:
            raise refuse(f"Cannot change the type of a compute environment from {kind} to {changed['type']}")
        return
    if changed.get("type") in FARGATE:
        raise refuse(f"Cannot change the type of a compute environment from {kind} to {changed['type']}")
    infrastructure = set(changed) - _SCALING_FIELDS
    replaceable = LINKED_ROLE in document["serviceRole"] and before.get("allocationStrategy") in _UPDATING_STRATEGIES
    if infrastructure and not replaceable:
        raise refuse(f"Cannot update {', '.join(sorted(infrastructure))} of this compute environment")


@operation("batch", "DeleteComputeEnvironment")
def delete(call: Call) -> Params:
    """Delete an environment that is disabled, settled and in no queue."""
    state = state_of(call)
    resource = find(state.environments, call.params["computeEnvironment"], "ComputeEnvironment")
    document = resource.document
    if resource.moving:
        raise refuse(f"Cannot delete, resource {document['computeEnvironmentName']} is being modified")
    if document["state"] == "ENABLED":
        raise refuse("Cannot delete an enabled compute environment, set the state to DISABLED first.")
    arn = document["computeEnvironmentArn"]
    for queue in state.queues.values():
        attached = {entry["computeEnvironment"] for entry in queue.document["computeEnvironmentOrder"]} | queue.held
        if arn in attached:
            raise refuse("Cannot delete, found existing JobQueue relationship")
    resource.move("DELETING", "DELETED", "", call.cloud.clock.now() + call.cloud.delays.batch_delete)
    return {}


@operation("batch", "DescribeComputeEnvironments")
def describe(call: Call) -> Params:
    """Answer the named environments, or all; an unknown name is no error."""
    params, state = call.params, state_of(call)
    found = named(state.environments, params.get("computeEnvironments"))
    shown, token = page(found, params.get("maxResults"), params.get("nextToken"), code="ClientException")
    documents = [r.document | {"tags": dict(state.tags[r.document["computeEnvironmentArn"]])} for r in shown]
    return {"computeEnvironments": documents, "nextToken": token}
