"""(spec, session) → whether its caller may do all that apply needs, as far as IAM's simulator tells."""

from __future__ import annotations

from collections.abc import Sequence

from scrapectl.aws.iam_policies import matches
from scrapectl.aws.identity import Identity, policy_source
from scrapectl.aws.session import Session
from scrapectl.aws.simulation import not_allowed
from scrapectl.errors import AccessDenied, AwsError
from scrapectl.operate.checks import Check, Health
from scrapectl.pipeline.assumed import Where
from scrapectl.pipeline.permissions import Grant, grants
from scrapectl.pipeline.policy_documents import documents
from scrapectl.spec.model import Spec
from scrapectl.units import counted

_NAME = "permissions"
_SHOWN = 8
_POLICY = "See what is needed: scrapectl policy --for apply"
_NOT_SEEN = "Policies of buckets and keys, and of this session, take no part in it."


def permissions(spec: Spec, session: Session, who: Identity) -> Check:
    """Simulate what `policy --for apply` lists."""
    if who.arn.endswith(":root"):
        return Check(_NAME, Health.WARN, "the account's root may do anything", "Use a user or role of its own.")
    needed = grants(spec, "apply", Where(session.account, session.region))
    statements = [statement for document in documents(needed) for statement in document["Statement"]]
    actions = {action for statement in statements for action in statement["Action"]}
    try:
        refused = not_allowed(session, policy_source(session, who.arn), statements)
    except AccessDenied:
        text = "cannot tell: iam:SimulatePrincipalPolicy is not allowed"
        return Check(_NAME, Health.WARN, text, _POLICY)
    except AwsError as error:
        return Check(_NAME, Health.WARN, f"cannot tell: {error}", _POLICY)
    missing = [(action, resource) for action, resource in refused if _is_asked(needed, action, resource)]
    if not missing:
        return Check(
            _NAME, Health.OK, f"all {counted(len(actions), 'action')} that apply needs are allowed. {_NOT_SEEN}"
        )
    names = list(dict.fromkeys(action for action, _ in missing))
    told = ", ".join(f"{action} on {next(r for a, r in missing if a == action)}" for action in names[:_SHOWN])
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return Check(_NAME, Health.FAIL, f"{counted(len(names), 'action')} not allowed: {told}{more}", _POLICY)


def _is_asked(needed: Sequence[Grant], action: str, resource: str) -> bool:
    """Whether AWS ever judges it: a statement lists things of other types beside those of an action's own."""
    return any(grant.action == action and matches(grant.resource, resource) for grant in needed)
