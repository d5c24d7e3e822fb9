"""Job definitions: revisions that never change, whose numbers are never used twice, read back normalised."""

from __future__ import annotations

from typing import Any

from scrapectl.local.paging import page
from scrapectl.local.registry import Call, Params, operation
from scrapectl.local.services.batch.definition_checks import check_definition
from scrapectl.local.services.batch.state import refuse, short_name, state_of
from scrapectl.local.services.batch.tags import check_tags

_LISTS = ("command", "volumes", "environment", "mountPoints", "ulimits", "resourceRequirements", "secrets")
_KEPT = (
    "type",
    "parameters",
    "schedulingPriority",
    "retryStrategy",
    "propagateTags",
    "timeout",
    "platformCapabilities",
    "nodeProperties",
    "eksProperties",
    "ecsProperties",
    "consumableResourceProperties",
)


@operation("batch", "RegisterJobDefinition")
def register(call: Call) -> Params:
    """Register the next revision; also when nothing changed."""
    params, state = call.params, state_of(call)
    check_definition(params)
    tags = check_tags(params.get("tags"))
    name = params["jobDefinitionName"]
    revisions = state.definitions.setdefault(name, [])
    revision = len(revisions) + 1
    arn = call.arn(f"job-definition/{name}:{revision}")
    document = {key: params[key] for key in _KEPT if key in params}
    document |= {
        "jobDefinitionName": name,
        "jobDefinitionArn": arn,
        "revision": revision,
        "status": "ACTIVE",
        "parameters": params.get("parameters", {}),
        "platformCapabilities": params.get("platformCapabilities") or ["EC2"],
        "containerOrchestrationType": "EKS" if "eksProperties" in params else "ECS",
    }
    if params.get("retryStrategy"):
        document["retryStrategy"] = {"evaluateOnExit": []} | params["retryStrategy"]
    if params.get("containerProperties"):
        fargate = document["platformCapabilities"] == ["FARGATE"]
        document["containerProperties"] = _container(params["containerProperties"], fargate=fargate)
    revisions.append(document)
    state.tags[arn] = tags
    return {"jobDefinitionName": name, "jobDefinitionArn": arn, "revision": revision}


def _container(properties: dict[str, Any], *, fargate: bool) -> dict[str, Any]:
    """What Describe makes of the properties: unset lists empty, empty variables gone, the platform's defaults named."""
    container: dict[str, Any] = {key: [] for key in _LISTS} | properties
    container["environment"] = [entry for entry in container["environment"] if entry.get("value") != ""]
    if container.get("logConfiguration"):
        container["logConfiguration"] = {"options": {}, "secretOptions": []} | container["logConfiguration"]
    if fargate:
        container["fargatePlatformConfiguration"] = {"platformVersion": "LATEST"} | (
            container.get("fargatePlatformConfiguration") or {}
        )
    return container


@operation("batch", "DeregisterJobDefinition")
def deregister(call: Call) -> Params:
    """Make one revision INACTIVE; it stays describable."""
    name, _, revision = short_name(call.params["jobDefinition"]).partition(":")
    for document in state_of(call).definitions.get(name, []):
        if str(document["revision"]) == revision:
            document["status"] = "INACTIVE"
            return {}
    raise refuse(f"JobDefinition {call.params['jobDefinition']} does not exist")


@operation("batch", "DescribeJobDefinitions")
def describe(call: Call) -> Params:
    """Answer definitions by ARN, `name:revision` or name, newest first; what is unknown is no error."""
    params, state = call.params, state_of(call)
    wanted = params.get("jobDefinitions") or []
    if len(wanted) > 100:  # noqa: PLR2004 - AWS's bound
        raise refuse("Cannot describe more than 100 job definitions")
    names = {short_name(text) for text in wanted}
    found = [
        document
        for name, revisions in sorted(state.definitions.items())
        for document in reversed(revisions)
        if params.get("jobDefinitionName") in {None, name}
        and params.get("status") in {None, document["status"]}
        and (not wanted or name in names or f"{name}:{document['revision']}" in names)
    ]
    shown, token = page(found, params.get("maxResults"), params.get("nextToken"), code="ClientException")
    documents = [document | {"tags": dict(state.tags[document["jobDefinitionArn"]])} for document in shown]
    return {"jobDefinitions": documents, "nextToken": token}
