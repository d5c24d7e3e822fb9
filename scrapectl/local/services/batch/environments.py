"""Compute environments: created only when ENABLED, VALID after a while, deleted only when disabled and detached."""

from __future__ import annotations

import uuid
from typing import Any

from scrapectl.local.paging import page
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.batch.environment_checks import FARGATE, LINKED_ROLE, check_resources, check_update
from scrapectl.local.services.batch.illness import illness
from scrapectl.local.services.batch.state import Resource, check_name, find, named, refuse, state_of
from scrapectl.local.services.batch.tags import check_tags

HEALTHY = "ComputeEnvironment Healthy"
MOST = 50


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
    check_resources(params["type"], resources)
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
    problem = illness(call, resource.document)
    until = call.cloud.clock.now() + call.cloud.delays.compute_environment
    resource.move(status, "INVALID" if problem else "VALID", problem or HEALTHY, until)


def _normalised(resources: dict[str, Any]) -> dict[str, Any]:
    """What Describe makes of them: lists and maps that were left out come back empty, and EC2's defaults filled in."""
    if resources["type"] in FARGATE:
        return {"instanceTypes": [], "tags": {}} | resources
    least = resources.get("minvCpus") or 0
    image = [{"imageType": "ECS_AL2023"}]
    defaults: dict[str, Any] = {"minvCpus": least, "desiredvCpus": least, "tags": {}, "allocationStrategy": "BEST_FIT"}
    return defaults | {"ec2Configuration": image} | resources


def _keep_within_bounds(resources: dict[str, Any]) -> None:
    """Move how many vCPUs Batch wants into the bounds, as it does itself when they change."""
    most = max(resources.get("minvCpus") or 0, resources.get("desiredvCpus") or 0)
    resources["desiredvCpus"] = min(most, resources["maxvCpus"])


@operation("batch", "UpdateComputeEnvironment")
def update(call: Call) -> Params:
    """Change what AWS can change in place; see the matrix in AWS-FACTS 2.2."""
    params = call.params
    resource = find(state_of(call).environments, params["computeEnvironment"], "ComputeEnvironment")
    document = resource.document
    if resource.moving:
        raise refuse(f"Cannot update, resource {document['computeEnvironmentName']} is being modified")
    changed = params.get("computeResources") or {}
    check_update(document, params, changed)
    if document["computeResources"] is not None:
        # An empty list is how a client says "as it is", for Fargate.
        fargate = document["computeResources"]["type"] in FARGATE
        document["computeResources"] |= {
            k: v for k, v in changed.items() if v is not None and not (fargate and v == [])
        }
        if not fargate:
            _keep_within_bounds(document["computeResources"])
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
