"""Grants → what whoever hands the policy out should know: what it cannot tell apart, and when it must be made anew."""

from __future__ import annotations

from collections.abc import Sequence

from scrapectl.pipeline.permissions import Grant, Purpose
from scrapectl.spec.model import Spec

ATTACHED = 10
"""Managed policies that a user or role takes; AWS may be asked for more ("IAM and AWS STS quotas", IAM User Guide)."""


def notes(spec: Spec, purpose: Purpose, grants: Sequence[Grant], count: int) -> list[str]:
    """Sentences, the weightiest first; none of what does not concern this policy, which is written in `count` parts."""
    base, actions = spec.owner.replace(".", "-"), {grant.action for grant in grants}
    found = []
    if "iam:PutRolePolicy" in actions and not spec.iam.boundary:
        found.append(
            "Whoever may apply may write a role that may do more than they may: iam: {boundary: ARN} in the spec "
            "draws a line, and the policy then allows no role without it."
        )
    if count > ATTACHED:
        found.append(
            f"IAM attaches {ATTACHED} policies to a user or role, and these are {count}: have the quota raised, or "
            "split the pipeline."
        )
    if "batch:TerminateJob" in actions:
        found.append("batch:TerminateJob is allowed for every job of the account: jobs have ids, and no tags of ours.")
    if purpose in {"apply", "destroy"} and any(f"{base}-*" in grant.resource for grant in grants):
        found.append(
            f"{base}-* begins as the things of a pipeline {base}-eu do, too: what carries another pipeline's tag is "
            "denied to every change, and what carries none of ours to every delete. Reads do not tell them apart."
        )
    if purpose in {"apply", "destroy"}:
        buckets = ", and for its buckets by name, which no tags tell apart" if spec.buckets else ""
        found.append(
            f"It is made for the kinds of resource that this spec has{buckets}: for more, make it anew. What is taken "
            "out of the spec goes under the policy of the spec that had it."
        )
    if purpose == "read" and any(secret.from_env for secret in spec.secrets.values()):
        found.append("It shows no secret's value: plan compares none while the variables of from_env are unset.")
    return found
