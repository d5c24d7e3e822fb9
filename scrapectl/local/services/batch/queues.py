"""Job queues: over VALID environments only, their policy set for good, deleted only when disabled."""

from __future__ import annotations

from typing import Any

from scrapectl.local.paging import page
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.batch.environment_checks import FARGATE
from scrapectl.local.services.batch.instance_types import architecture
from scrapectl.local.services.batch.state import BatchState, Resource, check_name, find, named, refuse, state_of
from scrapectl.local.services.batch.tags import check_tags

HEALTHY = "JobQueue Healthy"
MOST = 50
MOST_ENVIRONMENTS = 3
LIMIT_SECONDS = range(600, 86_401)
REASONS = {
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
}


@operation("batch", "CreateJobQueue")
def create(call: Call) -> Params:
    """Create a queue over environments that are VALID."""
    params, state = call.params, state_of(call)
    name = params["jobQueueName"]
    check_name(name, "jobQueueName")
    if name in state.queues:
        raise Refusal("ClientException", "Object already exists", 409)
    if len(state.queues) >= MOST:
        raise refuse("Number of job queues exceeds the limit of 50")
    if not params.get("computeEnvironmentOrder"):
        raise refuse("computeEnvironmentOrder cannot be empty")
    order = _order(state, params["computeEnvironmentOrder"])
    _check_common(state, params)
    tags = check_tags(params.get("tags"))
    arn = call.arn(f"job-queue/{name}")
    document = {
        "jobQueueName": name,
        "jobQueueArn": arn,
        "state": params.get("state", "ENABLED"),
        "schedulingPolicyArn": params.get("schedulingPolicyArn"),
        "priority": params["priority"],
        "computeEnvironmentOrder": order,
        "serviceEnvironmentOrder": [],
        "jobQueueType": params.get("jobQueueType") or _type_of(state, order),
        "jobStateTimeLimitActions": params.get("jobStateTimeLimitActions", []),
    }
    state.queues[name] = resource = Resource(document)
    state.tags[arn] = tags
    _start(call, resource, "CREATING")
    return {"jobQueueName": name, "jobQueueArn": arn}


def _start(call: Call, resource: Resource, status: str) -> None:
    resource.move(status, "VALID", HEALTHY, call.cloud.clock.now() + call.cloud.delays.job_queue)


def _order(state: BatchState, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the order with ARNs for names, as Describe answers it, when every environment may be attached."""
    if len(entries) > MOST_ENVIRONMENTS:
        raise refuse("Only 3 environments are allowed in job queue request.")
    found = []
    for entry in entries:
        environment = find(state.environments, entry["computeEnvironment"], "ComputeEnvironment")
        if environment.document["status"] not in {"VALID", "UPDATING"}:
            raise refuse(
                "Compute Environments must be created and valid before attaching to a job queue: "
                + environment.document["computeEnvironmentName"]
            )
        found.append(environment.document)
    arns = [document["computeEnvironmentArn"] for document in found]
    if len(set(arns)) < len(arns) or len({entry["order"] for entry in entries}) < len(entries):
        raise refuse("computeEnvironmentOrder must hold unique environments and unique orders")
    if len({(document["computeResources"] or {}).get("type") in FARGATE for document in found}) > 1:
        raise refuse("Fargate and EC2 compute environments cannot be mixed in one job queue")
    types = [name for document in found for name in (document["computeResources"] or {}).get("instanceTypes") or []]
    if len({architecture(name) for name in types}) > 1:
        raise refuse("All compute environments of a job queue must have the same architecture")
    pairs = zip(entries, arns, strict=True)
    return [{"order": entry["order"], "computeEnvironment": arn} for entry, arn in pairs]


def _type_of(state: BatchState, order: list[dict[str, Any]]) -> str:
    first = find(state.environments, order[0]["computeEnvironment"], "ComputeEnvironment").document
    return "ECS_FARGATE" if (first["computeResources"] or {}).get("type") in FARGATE else "ECS"


def _check_common(state: BatchState, params: Params) -> None:
    if params.get("priority", 0) < 0:
        raise refuse("priority must not be negative")
    policy = params.get("schedulingPolicyArn")
    if policy and not any(known["arn"] == policy for known in state.policies.values()):
        raise refuse(f"Scheduling policy {policy} does not exist")
    _check_limits(params.get("jobStateTimeLimitActions") or [])


def _check_limits(actions: list[dict[str, Any]]) -> None:
    """Refuse limits that AWS refuses; only what a job was seen to wait for can be a reason."""
    for action in actions:
        if action["maxTimeSeconds"] not in LIMIT_SECONDS:
            raise refuse("maxTimeSeconds must be between 600 and 86400")
        if action["reason"] not in REASONS:
            raise refuse(f"jobStateTimeLimitActions.reason is not valid: {action['reason']}")
        if (action["state"], action["action"]) != ("RUNNABLE", "CANCEL"):
            raise refuse("jobStateTimeLimitActions can only CANCEL jobs that are RUNNABLE")
    if len({action["reason"] for action in actions}) < len(actions):
        raise refuse("jobStateTimeLimitActions holds a reason twice")


@operation("batch", "UpdateJobQueue")
def update(call: Call) -> Params:
    """Change state, priority, order, limits, and the policy of a queue that already has one."""
    params, state = call.params, state_of(call)
    resource = find(state.queues, params["jobQueue"], "JobQueue")
    document = resource.document
    if resource.moving:
        raise refuse(f"Cannot update, resource {document['jobQueueName']} is being modified")
    if "schedulingPolicyArn" in params and not document["schedulingPolicyArn"]:
        raise refuse("A scheduling policy cannot be added to a job queue that was created without one")
    if params.get("schedulingPolicyArn") == "":
        raise refuse("A scheduling policy cannot be removed from a job queue")
    _check_common(state, params)
    before = {entry["computeEnvironment"] for entry in document["computeEnvironmentOrder"]}
    if params.get("computeEnvironmentOrder"):
        order = _order(state, params["computeEnvironmentOrder"])
        if _type_of(state, order) != _type_of(state, document["computeEnvironmentOrder"]):
            raise refuse("Fargate and EC2 compute environments cannot be exchanged in a job queue")
        document["computeEnvironmentOrder"] = order
    for key in ("state", "priority", "schedulingPolicyArn", "jobStateTimeLimitActions"):
        if key in params:
            document[key] = params[key]
    _start(call, resource, "UPDATING")
    resource.held = before
    return {"jobQueueName": document["jobQueueName"], "jobQueueArn": document["jobQueueArn"]}


@operation("batch", "DeleteJobQueue")
def delete(call: Call) -> Params:
    """Delete a queue that is disabled and settled; its jobs end with it."""
    resource = find(state_of(call).queues, call.params["jobQueue"], "JobQueue")
    if resource.moving:
        raise refuse(f"Cannot delete, resource {resource.document['jobQueueName']} is being modified")
    if resource.document["state"] == "ENABLED":
        raise refuse("Cannot delete an enabled job queue, set the state to DISABLED first.")
    resource.move("DELETING", "DELETED", "", call.cloud.clock.now() + call.cloud.delays.batch_delete)
    return {}


@operation("batch", "DescribeJobQueues")
def describe(call: Call) -> Params:
    """Answer the named queues, or all; an unknown name is no error."""
    params, state = call.params, state_of(call)
    found = named(state.queues, params.get("jobQueues"))
    shown, token = page(found, params.get("maxResults"), params.get("nextToken"), code="ClientException")
    documents = [r.document | {"tags": dict(state.tags[r.document["jobQueueArn"]])} for r in shown]
    return {"jobQueues": documents, "nextToken": token}
