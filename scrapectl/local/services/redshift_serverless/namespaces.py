"""Namespaces: the data of a serverless warehouse, its admin user, the roles that it reads by."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from typing import Any

from scrapectl.local.paging import page
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.redshift_serverless.snapshots import check_snapshot_name, take
from scrapectl.local.services.redshift_serverless.state import (
    AVAILABLE,
    DELETING,
    MODIFYING,
    Namespace,
    check_idle,
    find_namespace,
    invalid,
    state_in,
    workgroup_of,
)
from scrapectl.local.services.redshift_serverless.tags import check_tags
from scrapectl.local.services.warehouse_passwords import drop_secret, make_secret
from scrapectl.local.warehouses.store import store_of
from scrapectl.spec.checks.reserved import is_reserved

_SERVICE = "redshift-serverless"
_PASSWORD = {"adminUsername", "adminUserPassword", "manageAdminPassword", "adminPasswordSecretKmsKeyId"}
_TOGETHER = (_PASSWORD, {"iamRoles", "defaultIamRoleArn"}, {"kmsKeyId"}, {"logExports", "logDestinationType"})
_NAME = re.compile(r"[a-zA-Z][a-zA-Z_0-9+.@-]*\Z")
_MOST_ROLES = 50


@operation(_SERVICE, "CreateNamespace")
def create(call: Call) -> Params:
    """Make a namespace, available at once; its roles take a moment."""
    params, state = call.params, state_in(call.cloud, call.region)
    name = params["namespaceName"]
    if name in state.namespaces:
        raise Refusal("ConflictException", f"The namespace {name} already exists.", 400)
    _check(params)
    number = str(uuid.uuid4())
    document: dict[str, Any] = {
        "namespaceName": name,
        "namespaceId": number,
        "namespaceArn": call.arn(f"namespace/{number}"),
        "dbName": params.get("dbName", "dev"),
        "adminUsername": params.get("adminUsername", "admin"),
        "kmsKeyId": params.get("kmsKeyId", "AWS_OWNED_KMS_KEY"),
        "logExports": params.get("logExports", []),
        "defaultIamRoleArn": params.get("defaultIamRoleArn"),
        "status": AVAILABLE,
        "creationDate": datetime.fromtimestamp(call.cloud.clock.now(), UTC),
    }
    namespace = Namespace(document, params.get("adminUserPassword", ""), tags=check_tags(params.get("tags")))
    if params.get("manageAdminPassword"):
        _manage(call, namespace)
    state.namespaces[name] = namespace
    _attach(call, namespace, params.get("iamRoles", []))
    return {"namespace": shown(namespace)}


def _check(params: Params) -> None:
    for member in ("dbName", "adminUsername"):
        value = params.get(member)
        if value is not None and (not _NAME.match(value) or is_reserved("redshift", value)):
            raise invalid(f"Invalid value for parameter {member}: {value}")
    if params.get("manageAdminPassword") and params.get("adminUserPassword"):
        raise invalid("You can't specify adminUserPassword when manageAdminPassword is true.")
    if len(params.get("iamRoles") or ()) > _MOST_ROLES:
        raise invalid("A namespace can have up to 50 IAM roles.")
    default = params.get("defaultIamRoleArn")
    if default and default not in (params.get("iamRoles") or ()):
        raise invalid("To change the default IAM role, you must specify the entire list of IAM roles.")


def _manage(call: Call, namespace: Namespace) -> None:
    document = namespace.document
    namespace.password, arn = make_secret(call, document["namespaceName"], document["adminUsername"], namespace.arn)
    document["adminPasswordSecretArn"] = arn


def _attach(call: Call, namespace: Namespace, roles: list[str]) -> None:
    """Let the roles be those of a list: new ones are adding for a while, others go."""
    cloud = call.cloud

    def in_sync() -> None:
        namespace.roles = {arn: "in-sync" for arn, state in namespace.roles.items() if state != "removing"}

    namespace.roles = {arn: namespace.roles.get(arn, "adding") for arn in roles} | {
        arn: "removing" for arn in namespace.roles if arn not in roles
    }
    namespace.time.later(cloud.clock.now() + cloud.delays.warehouse_roles, in_sync)
    namespace.time.settle(cloud.clock.now())


@operation(_SERVICE, "GetNamespace")
def get(call: Call) -> Params:
    """Answer a namespace."""
    return {"namespace": shown(find_namespace(call, call.params["namespaceName"]))}


@operation(_SERVICE, "ListNamespaces")
def list_all(call: Call) -> Params:
    """Answer all."""
    found = [shown(each) for each in state_in(call.cloud, call.region).namespaces.values()]
    some, token = page(found, call.params.get("maxResults"), call.params.get("nextToken"))
    return {"namespaces": some, "nextToken": token}


@operation(_SERVICE, "UpdateNamespace")
def update(call: Call) -> Params:
    """Change one thing; another is refused until it is done."""
    params, cloud = call.params, call.cloud
    namespace = find_namespace(call, params["namespaceName"])
    check_idle(namespace, "namespace")
    check_idle(workgroup_of(call, params["namespaceName"]), "workgroup")
    asked = params.keys() - {"namespaceName"}
    if sum(bool(asked & group) for group in _TOGETHER) != 1:
        raise invalid("You can't update multiple parameters in one request.")
    _check(params)
    document = namespace.document
    if "iamRoles" in params:
        _attach(call, namespace, params["iamRoles"])
        document["defaultIamRoleArn"] = params.get("defaultIamRoleArn")
    if params.get("manageAdminPassword") and not document.get("adminPasswordSecretArn"):
        _manage(call, namespace)
    elif params.get("adminUserPassword") or params.get("manageAdminPassword") is False:
        drop_secret(cloud, call.region, document.pop("adminPasswordSecretArn", None))
        namespace.password = params.get("adminUserPassword", namespace.password)
    document["logExports"] = params.get("logExports", document["logExports"])
    document["status"] = MODIFYING

    def done() -> None:
        document["status"] = AVAILABLE

    namespace.time.later(cloud.clock.now() + cloud.delays.warehouse_modify, done)
    namespace.time.settle(cloud.clock.now())
    return {"namespace": shown(namespace)}


@operation(_SERVICE, "DeleteNamespace")
def delete(call: Call) -> Params:
    """Delete a namespace on which nothing works any more, with a last snapshot if asked."""
    params, cloud, region = call.params, call.cloud, call.region
    name = params["namespaceName"]
    namespace = find_namespace(call, name)
    check_idle(namespace, "namespace")
    if workgroup_of(call, name) is not None:
        raise Refusal("ConflictException", "There is a workgroup associated with the namespace. Delete it first.", 400)
    final = params.get("finalSnapshotName")
    if final:
        check_snapshot_name(call, final)
        take(call, namespace, final)
    namespace.document["status"] = DELETING
    state = state_in(cloud, region)

    def be_gone() -> None:
        drop_secret(cloud, region, namespace.document.get("adminPasswordSecretArn"))
        store_of(cloud).forget(namespace.arn)
        del state.namespaces[name]

    answer = {"namespace": shown(namespace)}
    namespace.time.later(cloud.clock.now() + cloud.delays.warehouse_delete, be_gone)
    namespace.time.settle(cloud.clock.now())
    return answer


def shown(namespace: Namespace) -> Params:
    """Give what GetNamespace answers; roles as the text of a structure, which is how AWS writes them."""
    roles = [f"IamRole(applyStatus={state}, iamRoleArn={arn})" for arn, state in namespace.roles.items()]
    return {**namespace.document, "iamRoles": roles}
