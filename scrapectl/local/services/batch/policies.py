"""Scheduling policies: fair shares that do not overlap, kept as long as a queue uses them."""

from __future__ import annotations

import re
import struct
from typing import Any

from scrapectl.local.paging import page
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.batch.state import check_name, refuse, state_of
from scrapectl.local.services.batch.tags import check_tags

SHARE = re.compile(r"[A-Za-z0-9_-]{1,255}\*?\Z")
MOST_SHARES = 500
_LIGHTEST, _HEAVIEST = 0.0001, 999.9999


@operation("batch", "CreateSchedulingPolicy")
def create(call: Call) -> Params:
    """Create a policy."""
    params, state = call.params, state_of(call)
    name = params["name"]
    check_name(name, "name")
    if name in state.policies:
        raise Refusal("ClientException", "Object already exists", 409)
    arn = call.arn(f"scheduling-policy/{name}")
    tags = check_tags(params.get("tags"))
    quota = params.get("quotaSharePolicy")
    fair = None if quota else _fair_share(params.get("fairsharePolicy") or {})
    state.policies[name] = {"name": name, "arn": arn, "fairsharePolicy": fair, "quotaSharePolicy": quota}
    state.tags[arn] = tags
    return {"name": name, "arn": arn}


def _fair_share(policy: dict[str, Any]) -> dict[str, Any]:
    """Return the policy as Describe answers it, with AWS's defaults filled in."""
    shares = policy.get("shareDistribution") or []
    if len(shares) > MOST_SHARES:
        raise refuse("shareDistribution holds more than 500 share identifiers")
    for share in shares:
        if not SHARE.match(share["shareIdentifier"]):
            raise refuse(f"Invalid share identifier: {share['shareIdentifier']}")
        if not _LIGHTEST <= share.get("weightFactor", 1.0) <= _HEAVIEST:
            raise refuse("weightFactor must be between 0.0001 and 999.9999")
    _check_overlap([share["shareIdentifier"] for share in shares])
    if not 0 <= policy.get("computeReservation", 0) <= 99:  # noqa: PLR2004 - AWS's bound
        raise refuse("computeReservation must be between 0 and 99")
    if not 0 <= policy.get("shareDecaySeconds", 0) <= 604_800:  # noqa: PLR2004 - AWS's bound, a week
        raise refuse("shareDecaySeconds must be between 0 and 604800")
    return {
        "shareDecaySeconds": policy.get("shareDecaySeconds", 0),
        "computeReservation": policy.get("computeReservation", 0),
        "shareDistribution": [share | {"weightFactor": _as_kept(share.get("weightFactor", 1.0))} for share in shares],
    }


def _as_kept(weight: float) -> float:
    """Batch keeps 32 bits of a weight: 0.3333 comes back as 0.33329999446868896."""
    kept: float = struct.unpack("f", struct.pack("f", weight))[0]
    return kept


def _check_overlap(names: list[str]) -> None:
    for index, name in enumerate(names):
        for other in names[:index] + names[index + 1 :]:
            if name == other or (name.endswith("*") and other.rstrip("*").startswith(name[:-1])):
                raise refuse(f"Share identifiers cannot overlap: {name}, {other}")


def _find(call: Call) -> Params:
    arn = call.params["arn"]
    found = next((policy for policy in state_of(call).policies.values() if policy["arn"] == arn), None)
    if found is None:
        raise refuse(f"SchedulingPolicy {arn} does not exist")
    return found


@operation("batch", "UpdateSchedulingPolicy")
def update(call: Call) -> Params:
    """Replace a policy's shares; its kind stays."""
    policy = _find(call)
    if (policy["quotaSharePolicy"] is None) == ("quotaSharePolicy" in call.params):
        raise refuse("A scheduling policy cannot change between fair share and quota share")
    if policy["quotaSharePolicy"] is None:
        policy["fairsharePolicy"] = _fair_share(call.params.get("fairsharePolicy") or {})
    else:
        policy["quotaSharePolicy"] = call.params["quotaSharePolicy"]
    return {}


@operation("batch", "DeleteSchedulingPolicy")
def delete(call: Call) -> Params:
    """Delete a policy that no queue uses."""
    policy, state = _find(call), state_of(call)
    if any(queue.document["schedulingPolicyArn"] == policy["arn"] for queue in state.queues.values()):
        raise refuse("Cannot delete, the scheduling policy is in use by a job queue")
    del state.policies[policy["name"]]
    state.tags.pop(policy["arn"], None)
    return {}


@operation("batch", "DescribeSchedulingPolicies")
def describe(call: Call) -> Params:
    """Answer the policies of the given ARNs; an unknown ARN is no error."""
    state = state_of(call)
    by_arn = {policy["arn"]: policy for policy in state.policies.values()}
    found = [by_arn[arn] | {"tags": dict(state.tags[arn])} for arn in call.params["arns"] if arn in by_arn]
    return {"schedulingPolicies": found}


@operation("batch", "ListSchedulingPolicies")
def list_policies(call: Call) -> Params:
    """List every policy's ARN."""
    policies = list(state_of(call).policies.values())
    shown, token = page(policies, call.params.get("maxResults"), call.params.get("nextToken"), code="ClientException")
    return {"schedulingPolicies": [{"arn": policy["arn"]} for policy in shown], "nextToken": token}
