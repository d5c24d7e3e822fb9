"""EventBridge's rules beyond moto: a rule that is put again keeps its tags, and targets are checked."""

from __future__ import annotations

from typing import Any

from scrapectl.local.registry import Call, Params, Refusal, check, operation
from scrapectl.local.services import iam

_MOST_TARGETS = 5


@operation("events", "PutRule")
def put_rule(call: Call) -> Params:
    """Replace the whole rule; tags count for a new one alone (AWS-FACTS §0.2)."""
    _check_assumable(call, call.params.get("RoleArn"))
    bus = {"EventBusName": call.params["EventBusName"]} if "EventBusName" in call.params else {}
    try:
        call.moto({"Name": call.params["Name"], **bus}, "DescribeRule")
    except Refusal:
        return call.moto()
    return call.moto({name: value for name, value in call.params.items() if name != "Tags"})


@check("events", "PutTargets")
def check_targets(call: Call) -> None:
    """Refuse a sixth target, and a role that cannot be assumed (yet)."""
    targets: list[dict[str, Any]] = call.params["Targets"]
    for target in targets:
        _check_assumable(call, target.get("RoleArn"))
    bus = {"EventBusName": call.params["EventBusName"]} if "EventBusName" in call.params else {}
    standing = call.moto({"Rule": call.params["Rule"], **bus}, "ListTargetsByRule")["Targets"]
    if len({target["Id"] for target in [*standing, *targets]}) > _MOST_TARGETS:
        raise Refusal("LimitExceededException", "The requested resource exceeds the maximum number allowed.", 400)


def _check_assumable(call: Call, role: str | None) -> None:
    if role and not iam.can_be_assumed(call.cloud, role, "events.amazonaws.com"):
        text = f"Provided role '{role}' cannot be assumed by principal 'events.amazonaws.com'."
        raise Refusal("ValidationException", text, 400)
