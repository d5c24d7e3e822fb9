"""IAM beyond moto: names that differ in case collide, documents are checked, and a role takes a while to be usable."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from scrapectl.aws.iam_policies import allows as judged
from scrapectl.local.paging import page
from scrapectl.local.policy import allows, as_list, trusts
from scrapectl.local.registry import Call, Params, Refusal, check, operation

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

INLINE_SUM = 10_240
TRUST_SIZE = 2048


@dataclass
class Freshness:
    """When a role, or what it trusts or may do, last changed; on the cloud's clock, by role name."""

    trust: dict[str, float] = field(default_factory=dict)
    rights: dict[str, float] = field(default_factory=dict)


def _freshness(cloud: Cloud) -> Freshness:
    return cloud.store(Freshness, "global")


def _settled(cloud: Cloud, changed: dict[str, float], role: str) -> bool:
    return cloud.clock.now() - changed.get(role, float("-inf")) >= cloud.delays.fresh_role


def can_be_assumed(cloud: Cloud, role_arn: str, service: str, context: dict[str, str] | None = None) -> bool:
    """Whether an AWS service can assume a role now: it exists, trusts the service, and is not too fresh.

    Args:
        cloud: Where the role stands.
        role_arn: Its ARN, path included.
        service: The principal, such as `scheduler.amazonaws.com`.
        context: What the service sends, such as `aws:SourceArn`.
    """
    name = role_arn.rsplit("/", 1)[-1]
    try:
        role = cloud.call("iam", "GetRole", {"RoleName": name})["Role"]
    except Refusal:
        return False
    if role["Arn"] != role_arn or not _settled(cloud, _freshness(cloud).trust, name):
        return False
    return trusts(
        _document(role["AssumeRolePolicyDocument"]), service, {"aws:SourceAccount": cloud.account} | (context or {})
    )


def role_may(cloud: Cloud, role_arn: str, action: str, resource: str) -> bool:
    """Whether a role's inline and attached policies allow an action now; fresh policies do not count yet."""
    return allows(policies_of(cloud, role_arn), action, resource)


def policies_of(cloud: Cloud, role_arn: str) -> list[dict[str, Any]]:
    """Return a role's policies, inline and attached, as they count now: none while they are fresh."""
    name = role_arn.rsplit("/", 1)[-1]
    if not _settled(cloud, _freshness(cloud).rights, name):
        return []
    try:
        return _policies(cloud, "Role", name)
    except Refusal:
        return []


def _policies(cloud: Cloud, holder: str, name: str) -> list[dict[str, Any]]:
    """Return the policies of a Role, User or Group, inline and attached."""
    of = {f"{holder}Name": name}
    documents = [
        _document(cloud.call("iam", f"Get{holder}Policy", {**of, "PolicyName": policy})["PolicyDocument"])
        for policy in cloud.call("iam", f"List{holder}Policies", of)["PolicyNames"]
    ]
    attached = cloud.call("iam", f"ListAttached{holder}Policies", of)["AttachedPolicies"]
    return documents + [_default_version(cloud, policy["PolicyArn"]) for policy in attached]


def _default_version(cloud: Cloud, arn: str) -> dict[str, Any]:
    version = cloud.call("iam", "GetPolicy", {"PolicyArn": arn})["Policy"]["DefaultVersionId"]
    found = cloud.call("iam", "GetPolicyVersion", {"PolicyArn": arn, "VersionId": version})["PolicyVersion"]
    return _document(found["Document"])


def _document(text: str) -> dict[str, Any]:
    """IAM answers documents percent-encoded; boto3 hides that, here it shows."""
    document: dict[str, Any] = json.loads(unquote(text))
    return document


@operation("iam", "CreateRole")
def create_role(call: Call) -> Params:
    """Create a role that no service can assume for a while."""
    params = call.params
    name = params["RoleName"]
    for role in _all_roles(call):
        if role["RoleName"].lower() == name.lower():
            raise Refusal("EntityAlreadyExists", f"Role with name {name} already exists.", 409)
    if (params.get("Path") or "/").startswith("/aws-service-role/"):
        raise Refusal("ValidationError", "The path /aws-service-role/ is reserved for service-linked roles.")
    _check_trust(params["AssumeRolePolicyDocument"])
    result = call.moto()
    _freshness(call.cloud).trust[name] = call.cloud.clock.now()
    return result


@operation("iam", "ListRoles")
def list_roles(call: Call) -> Params:
    """List roles as AWS does: without their tags and boundaries, which GetRole alone tells."""
    result = call.moto()
    for role in result["Roles"]:
        role.pop("Tags", None)
        role.pop("PermissionsBoundary", None)
    return result


def _all_roles(call: Call) -> list[dict[str, Any]]:
    roles: list[dict[str, Any]] = []
    page = call.moto({}, "ListRoles")
    roles += page["Roles"]
    while page.get("IsTruncated"):
        page = call.moto({"Marker": page["Marker"]}, "ListRoles")
        roles += page["Roles"]
    return roles


def _check_trust(text: str) -> None:
    document = _parsed(text)
    if len("".join(text.split())) > TRUST_SIZE:
        raise Refusal("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048", 409)
    for statement in as_list(document.get("Statement")):
        if "Resource" in statement or "NotResource" in statement:
            raise Refusal("MalformedPolicyDocument", "Has prohibited field Resource")
        if "Principal" not in statement:
            raise Refusal("MalformedPolicyDocument", "Missing required field Principal")
        if not all(str(action).lower().startswith("sts:") for action in as_list(statement.get("Action"))):
            raise Refusal("MalformedPolicyDocument", "AssumeRole policy may only specify STS AssumeRole actions.")


def _parsed(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise Refusal("MalformedPolicyDocument", "This policy contains invalid Json") from error
    if not isinstance(document, dict) or "Statement" not in document:
        raise Refusal("MalformedPolicyDocument", "Syntax errors in policy.")
    return document


@check("iam", "PutRolePolicy")
def check_role_policy(call: Call) -> None:
    """Refuse a document with a principal, a repeated Sid or too much text."""
    document = _parsed(call.params["PolicyDocument"])
    sids = [s["Sid"] for s in as_list(document["Statement"]) if s.get("Sid")]
    if len(set(sids)) < len(sids):
        raise Refusal("MalformedPolicyDocument", "Statement IDs (SID) in a single policy must be unique.")
    for statement in as_list(document["Statement"]):
        if "Principal" in statement:
            raise Refusal("MalformedPolicyDocument", "Policy document should not specify a principal.")
        if not str(statement.get("Sid", "x")).isalnum():
            raise Refusal("MalformedPolicyDocument", "Statement IDs (SID) must be alpha-numeric.")
        if not statement.get("Action") and not statement.get("NotAction"):
            raise Refusal("MalformedPolicyDocument", "Policy statement must contain actions.")
        if not statement.get("Resource") and not statement.get("NotResource"):
            raise Refusal("MalformedPolicyDocument", "Policy statement must contain resources.")
    if len("".join(call.params["PolicyDocument"].split())) > INLINE_SUM:
        raise Refusal("LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role", 409)
    _freshness(call.cloud).rights[call.params["RoleName"]] = call.cloud.clock.now()


@check("iam", "UpdateAssumeRolePolicy")
def check_new_trust(call: Call) -> None:
    """Check a new trust policy, which takes as long as a new role."""
    _check_trust(call.params["PolicyDocument"])
    _freshness(call.cloud).trust[call.params["RoleName"]] = call.cloud.clock.now()


@check("iam", "AttachRolePolicy")
def check_attachment(call: Call) -> None:
    """Remember when the role's rights changed."""
    _freshness(call.cloud).rights[call.params["RoleName"]] = call.cloud.clock.now()


@operation("iam", "SimulatePrincipalPolicy")
def simulate(call: Call) -> Params:
    """Judge actions on resources by a principal's policies, each pair for itself (SimulatePrincipalPolicy, IAM API)."""
    params = call.params
    documents = _of_principal(call, params["PolicySourceArn"])
    denies = [{"Statement": [{**one, "Effect": "Allow"} for one in _denials(each)]} for each in documents]
    context = {entry["ContextKeyName"]: entry["ContextKeyValues"] for entry in params.get("ContextEntries") or ()}
    results = []
    for action in params["ActionNames"]:
        for resource in params.get("ResourceArns") or ["*"]:
            refused = "explicitDeny" if judged(denies, action, resource, context) else "implicitDeny"
            decision = "allowed" if judged(documents, action, resource, context) else refused
            results.append({"EvalActionName": action, "EvalResourceName": resource, "EvalDecision": decision})
    shown, marker = page(results, params.get("MaxItems"), params.get("Marker"), code="InvalidInput")
    return {"EvaluationResults": shown, "IsTruncated": marker is not None, **({"Marker": marker} if marker else {})}


def _denials(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in as_list(document["Statement"]) if one["Effect"] == "Deny"]


def _of_principal(call: Call, arn: str) -> list[dict[str, Any]]:
    """Return what counts for a role or a user; whoever calls this cloud may do what it is held to, or anything."""
    kind, _, path = arn.rpartition(":")[2].partition("/")
    name = path.rpartition("/")[2]
    if call.cloud.call("sts", "GetCallerIdentity", {}, call.region)["Arn"] == arn:
        held = next((hook.documents for hook in call.cloud.hooks if hasattr(hook, "documents")), None)
        return held or [{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}]
    if kind == "role":
        call.cloud.call("iam", "GetRole", {"RoleName": name})  # refuses one that is not there
        return policies_of(call.cloud, arn)
    if kind != "user":
        raise Refusal("InvalidInput", f"Invalid Entity Arn: {arn} does not clearly define entity type and name.")
    groups = call.cloud.call("iam", "ListGroupsForUser", {"UserName": name})["Groups"]
    theirs = [document for group in groups for document in _policies(call.cloud, "Group", group["GroupName"])]
    return _policies(call.cloud, "User", name) + theirs
