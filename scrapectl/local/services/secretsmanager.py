"""Secrets Manager beyond moto: a name is not free while its secret waits for deletion, nor just after a forced one."""

from __future__ import annotations

from dataclasses import dataclass, field

from scrapectl.local.registry import Call, Params, Refusal, check, operation

_SCHEDULED = "You can't create this secret because a secret with this name is already scheduled for deletion."
_MARKED = "You can't perform this operation on the secret because it was marked for deletion."


@dataclass
class ForcedDeletions:
    """When each name was last deleted without recovery, in a region."""

    at: dict[str, float] = field(default_factory=dict)


@check("secretsmanager", "CreateSecret")
def check_create(call: Call) -> None:
    """Refuse a name whose last secret is still on its way out."""
    name = call.params["Name"]
    forced_at = call.cloud.store(ForcedDeletions, call.region).at.get(name, float("-inf"))
    resting = call.cloud.clock.now() - forced_at < call.cloud.delays.secret_name
    if resting or _is_marked(call, name):
        raise Refusal("InvalidRequestException", _SCHEDULED, 400)


def _is_marked(call: Call, secret: str) -> bool:
    try:
        return bool(call.moto({"SecretId": secret}, "DescribeSecret").get("DeletedDate"))
    except Refusal:
        return False


def _check_alive(call: Call) -> None:
    if _is_marked(call, call.params["SecretId"]):
        raise Refusal("InvalidRequestException", _MARKED, 400)


for _name in ("GetSecretValue", "PutSecretValue", "UpdateSecret", "TagResource", "UntagResource"):
    check("secretsmanager", _name)(_check_alive)


@operation("secretsmanager", "CreateSecret")
def create_secret(call: Call) -> Params:
    """Create a secret; the same client token with the same value again is the same call."""
    try:
        return call.moto()
    except Refusal as refusal:
        token = call.params.get("ClientRequestToken")
        if refusal.code != "ResourceExistsException" or not token:
            raise
        secret = {"SecretId": call.params["Name"]}
        try:
            before = call.moto(secret | {"VersionId": token}, "GetSecretValue")
        except Refusal:
            raise refusal from None
        if before.get("SecretString") != call.params.get("SecretString"):
            raise
        return {"ARN": before["ARN"], "Name": before["Name"], "VersionId": token}


@operation("secretsmanager", "DeleteSecret")
def delete_secret(call: Call) -> Params:
    """Delete a secret; a forced deletion keeps the name for a moment."""
    secret = call.params["SecretId"]
    name = secret
    if secret.startswith("arn:"):
        name = call.moto({"SecretId": secret}, "DescribeSecret")["Name"]
    result = call.moto()
    if call.params.get("ForceDeleteWithoutRecovery"):
        call.cloud.store(ForcedDeletions, call.region).at[name] = call.cloud.clock.now()
    return result
