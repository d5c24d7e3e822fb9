"""Which warehouse a request of the Data API is for, and whether its secret, or its user, may come in."""

from __future__ import annotations

from dataclasses import dataclass, field

from scrapectl.local.registry import Call, Refusal
from scrapectl.local.services.redshift.state import state_in as clusters_in
from scrapectl.local.services.redshift_serverless.state import find_namespace, find_workgroup
from scrapectl.local.services.redshift_serverless.state import state_in as serverless_in
from scrapectl.local.services.warehouse_passwords import password_in


@dataclass(frozen=True)
class Endpoint:
    """A warehouse that answers.

    Attributes:
        arn: Of what has its data: the cluster, or the namespace.
        roles: ARN to state, as they are now.
        user: Whom the statement runs as, as an ARN.
        stranger: Why this user may see no table; "" for the admin.
    """

    arn: str
    database: str
    name: str
    user: str
    roles: dict[str, str] = field(default_factory=dict)
    stranger: str = ""


def endpoint_of(call: Call) -> Endpoint:
    """Find the warehouse that a request names.

    Raises:
        Refusal: There is none that answers, or the request does not say which.
    """
    params = call.params
    cluster, workgroup = params.get("ClusterIdentifier"), params.get("WorkgroupName")
    if bool(cluster) == bool(workgroup):
        raise invalid("Provide either ClusterIdentifier or WorkgroupName.")
    if params.get("DbUser") and params.get("SecretArn"):
        raise invalid("Provide either DbUser or SecretArn.")
    if not params.get("Database"):
        raise invalid("Database is required.")
    if cluster:
        arn, name, admin, password, roles = _cluster(call, cluster)
    else:
        arn, name, admin, password, roles = _workgroup(call, str(workgroup))
    user, stranger = _user(call, admin, password)
    who = f"arn:aws:redshift:{call.region}:{call.account}:dbuser:{name}/{user}"
    return Endpoint(arn, params["Database"], name, who, roles, stranger)


def _cluster(call: Call, name: str) -> tuple[str, str, str, str, dict[str, str]]:
    found = clusters_in(call.cloud, call.region).clusters.get(name.lower())
    if found is None or "Endpoint" not in found.document or found.status == "deleting":
        raise invalid("Redshift endpoint doesn't exist in this region.")
    return (
        call.arn(f"cluster:{found.name}", "redshift"),
        name,
        found.document["MasterUsername"],
        found.password,
        found.roles,
    )


def _workgroup(call: Call, name: str) -> tuple[str, str, str, str, dict[str, str]]:
    """By its name or its ARN; it answers while it is changed, and not while it is made or ended."""
    try:
        found = find_workgroup(call, _name_of(call, name))
        namespace = find_namespace(call, found.document["namespaceName"])
    except Refusal:
        raise invalid("Redshift endpoint doesn't exist in this region.") from None
    if "endpoint" not in found.document or found.document["status"] == "DELETING":
        raise invalid("Redshift endpoint doesn't exist in this region.")
    document = namespace.document
    return (
        namespace.arn,
        found.document["workgroupName"],
        document["adminUsername"],
        namespace.password,
        namespace.roles,
    )


def _name_of(call: Call, named: str) -> str:
    if not named.startswith("arn:"):
        return named
    known = serverless_in(call.cloud, call.region).workgroups
    return next((name for name, each in known.items() if each.arn == named), named)


def _user(call: Call, admin: str, password: str) -> tuple[str, str]:
    """The user's name, and why it may see nothing."""
    secret = call.params.get("SecretArn")
    if secret:
        user, given = password_in(call.cloud, call.region, secret)
        wrong = (user, given) != (admin, password)
        return user, f'FATAL: password authentication failed for user "{user}"' if wrong else ""
    user = call.params.get("DbUser") or "IAMR:caller"
    # A user that AWS makes for an IAM identity begins without any right (AWS-FACTS §17).
    return user, "" if user == admin else "permission denied for schema public"


def invalid(text: str) -> Refusal:
    """A request that the Data API does not take."""
    return Refusal("ValidationException", text, 400)
