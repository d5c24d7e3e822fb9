"""Which IAM actions, on what, a call of the Redshift Data API needs: the warehouse's, and those of its password."""

from __future__ import annotations

from collections.abc import Iterator

from scrapectl.local.jobs.wanted import Wanted, asked_by_service
from scrapectl.local.registry import Call
from scrapectl.local.services.redshift_data.statements import owner_of
from scrapectl.local.services.redshift_serverless.state import state_in

_OWN = frozenset({"CancelStatement", "DescribeStatement", "GetStatementResult", "ListStatements"})
_OWNER = "redshift-data:statement-owner-iam-userid"
_ME = "${aws:userid}"  # what a policy says for whoever asks: it is compared as it stands


@asked_by_service("redshift-data")
def permissions(call: Call) -> Iterator[Wanted]:
    """Yield them ("Authorizing access to the Amazon Redshift Data API")."""
    action = f"redshift-data:{call.operation}"
    if call.operation in _OWN:
        yield Wanted(action, "*", {_OWNER: _ME if owner_of(call) else "somebody else"})
        return
    warehouse = _warehouse(call)
    yield Wanted(action, warehouse, {})
    if secret := call.params.get("SecretArn"):
        yield Wanted("secretsmanager:GetSecretValue", secret if secret.startswith("arn:") else None, {})
    elif "WorkgroupName" in call.params:
        yield Wanted("redshift-serverless:GetCredentials", warehouse, {})
    else:
        user = f"dbuser:{call.params.get('ClusterIdentifier')}/{call.params.get('DbUser', '*')}"
        yield Wanted("redshift:GetClusterCredentials", call.arn(user, "redshift"), {})


def _warehouse(call: Call) -> str:
    """The ARN of the cluster or the workgroup; of a workgroup that is not there no policy can speak."""
    named = str(call.params.get("WorkgroupName", ""))
    if not named:
        return call.arn(f"cluster:{call.params.get('ClusterIdentifier', '')}", "redshift")
    found = state_in(call.cloud, call.region).workgroups.get(named)
    return found.arn if found else call.arn(f"workgroup/{named}", "redshift-serverless")
