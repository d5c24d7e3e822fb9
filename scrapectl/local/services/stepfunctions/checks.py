"""What CreateStateMachine and its kin refuse, in AWS's words where they are known (AWS-FACTS §1, §10).

Measured texts are those of LocalStack's snapshots of AWS (tests/aws/services/stepfunctions/v2).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from scrapectl.local.policy import allows
from scrapectl.local.registry import Call, Refusal
from scrapectl.local.services import iam
from scrapectl.spec.asl.check import check_machine

PRINCIPAL = "states.amazonaws.com"
MOST_BYTES = 262_144
_NOT_ASSUMABLE = (
    "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the "
    "provided role."
)
# Not allowed in the names of machines and runs (CreateStateMachine and StartExecution, API reference).
_FORBIDDEN = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")
_LOGGING = (
    *("logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery"),
    *("logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups"),
)
_MANAGED_RULES = {
    "batch:submitJob.sync": "StepFunctionsGetEventsForBatchJobsRule",
    "states:startExecution.sync": "StepFunctionsGetEventsForStepFunctionsExecutionRule",
    "states:startExecution.sync:2": "StepFunctionsGetEventsForStepFunctionsExecutionRule",
    "ecs:runTask.sync": "StepFunctionsGetEventsForECSTaskRule",
}
"""What is waited for → the rule by which Step Functions hears of its end, which it makes in the role's name."""


def check_name(name: str) -> None:
    """Refuse a name that a machine or a run cannot have."""
    if _FORBIDDEN.search(name):
        raise Refusal("InvalidName", f"Invalid Name: '{name}'", 400)


def parsed_definition(text: str, kind: str) -> dict[str, Any]:
    """Read a definition and check it whole.

    Raises:
        Refusal: `InvalidDefinition`, with what is wrong and where.
    """
    problems = list(definition_problems(text, kind))
    if problems:
        said = ", ".join(f"{code}: {message} at {place}" for code, message, place in problems)
        raise Refusal("InvalidDefinition", f"Invalid State Machine Definition: '{said}'", 400)
    document: dict[str, Any] = json.loads(text)
    return document


def definition_problems(text: str, kind: str) -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong with a definition: code, message, place."""
    try:
        document = json.loads(text)
    except ValueError as error:
        yield "INVALID_JSON_DESCRIPTION", str(error), "/"
        return
    for fault in check_machine(document, kind):
        yield "SCHEMA_VALIDATION_FAILED", fault.message, "/" + "/".join(map(str, fault.path))


def check_role(call: Call, arn: str, role: str, document: dict[str, Any]) -> None:
    """Refuse a role that Step Functions cannot assume, or that may not make the rules it waits by."""
    if not iam.can_be_assumed(call.cloud, role, PRINCIPAL, {"aws:SourceArn": arn}):
        raise Refusal("AccessDeniedException", _NOT_ASSUMABLE, 400)
    policies = iam.policies_of(call.cloud, role)
    for resource in sorted(_resources(document)):
        rule = _MANAGED_RULES.get(resource.partition(":::")[2])
        if rule is None:
            continue
        target = call.arn(f"rule/{rule}", "events")
        for action in ("events:PutTargets", "events:PutRule", "events:DescribeRule"):
            if not allows(policies, action, target):
                text = f"'{role}' is not authorized to create managed-rule '{rule}'."
                raise Refusal("AccessDeniedException", text, 400)


def _resources(value: Any) -> set[str]:
    """What the tasks of a machine call, at any depth."""
    if isinstance(value, list):
        return set().union(*map(_resources, value))
    if not isinstance(value, dict):
        return set()
    own = {value["Resource"]} if value.get("Type") == "Task" and isinstance(value.get("Resource"), str) else set()
    return own.union(*map(_resources, value.values()))


def checked_logging(call: Call, role: str, given: dict[str, Any] | None) -> dict[str, Any]:
    """Return the logging configuration as Describe answers it.

    Raises:
        Refusal: It has no place to write to, or the role may not set that up.
    """
    wanted = given or {}
    level = wanted.get("level", "OFF")
    logging = {"level": level, "includeExecutionData": bool(wanted.get("includeExecutionData", False))}
    destinations = wanted.get("destinations")
    if len(destinations or []) > 1 or (level != "OFF" and not destinations):
        raise _invalid_logging("Must specify exactly one Log Destination.")
    if destinations is not None:
        logging["destinations"] = destinations
    if not destinations:
        return logging
    arn = str((destinations[0].get("cloudWatchLogsLogGroup") or {}).get("logGroupArn", ""))
    if not arn.startswith("arn:") or not arn.endswith(":*"):
        raise _invalid_logging("Log Destination must be the ARN of a log group, and end with ':*'.")
    name = arn.partition(":log-group:")[2].removesuffix(":*")
    groups = call.cloud.call("logs", "DescribeLogGroups", {"logGroupNamePrefix": name}, call.region)["logGroups"]
    if not any(group["logGroupName"] == name for group in groups):
        raise _invalid_logging("Log Destination not found.")
    policies = iam.policies_of(call.cloud, role)
    if not all(allows(policies, action, "*") for action in _LOGGING):
        text = "The state machine IAM Role is not authorized to access the Log Destination"
        raise Refusal("AccessDeniedException", text, 400)
    return logging


def _invalid_logging(text: str) -> Refusal:
    return Refusal("InvalidLoggingConfiguration", f"Invalid Logging Configuration: {text}", 400)
