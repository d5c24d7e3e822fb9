"""One request of Redshift → the things that it names, for IAM to judge, and what it does with the password's secret."""

from __future__ import annotations

from collections.abc import Iterator

from scrapectl.local.judged_tables import FORGOTTEN_PASSWORD, WAREHOUSE_PASSWORD
from scrapectl.local.registry import Call
from scrapectl.local.services.redshift.state import state_in as clusters_in
from scrapectl.local.services.redshift_serverless.state import state_in as serverless_in

_MAKES = {
    ("redshift", "CreateCluster"),
    ("redshift", "ModifyCluster"),
    ("redshift-serverless", "CreateNamespace"),
    ("redshift-serverless", "UpdateNamespace"),
}
_ENDS = {("redshift", "DeleteCluster"), ("redshift-serverless", "DeleteNamespace")}


def redshift_named(call: Call, types: tuple[str, ...]) -> list[tuple[str, str]]:
    """Namespaces and workgroups by the ARN that they have, which ends in an id; what is made has none yet."""
    state, service = serverless_in(call.cloud, call.region), call.service
    namespace, workgroup = (call.params.get(name) for name in ("namespaceName", "workgroupName"))
    if call.service == "redshift-data":
        workgroup = call.params.get("WorkgroupName")
    found = []
    if namespace and f"{service}:namespace" in types:
        known = state.namespaces.get(namespace)
        found.append((f"{service}:namespace", known.arn if known else "*"))
    if workgroup and f"{service}:workgroup" in types:
        made = state.workgroups.get(workgroup)
        found.append((f"{service}:workgroup", made.arn if made else "*"))
    return found


def password_of(call: Call) -> Iterator[tuple[str, str]]:
    """Yield (action, secret's name with a pattern, "" for an action without one) that a managed password takes."""
    operation, params = (call.service, call.operation), call.params
    name = params.get("ClusterIdentifier") or params.get("namespaceName")
    manages = params.get("ManageMasterPassword") or params.get("manageAdminPassword")
    actions: tuple[str, ...] = WAREHOUSE_PASSWORD if operation in _MAKES and manages else ()
    if operation in _ENDS and _is_managed(call, str(name)):
        actions = FORGOTTEN_PASSWORD
    for action in actions:
        yield action, "" if action.endswith("GetRandomPassword") else f"redshift!{name}-*"


def _is_managed(call: Call, name: str) -> bool:
    cluster = clusters_in(call.cloud, call.region).clusters.get(name)
    namespace = serverless_in(call.cloud, call.region).namespaces.get(name)
    document = cluster.document if cluster else namespace.document if namespace else {}
    return bool(document.get("MasterPasswordSecretArn") or document.get("adminPasswordSecretArn"))
