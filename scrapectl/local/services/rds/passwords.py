"""The secret in which RDS keeps a master password that it manages: made, given, and taken away with the instance."""

from __future__ import annotations

import json
import secrets
import string
import uuid
from typing import TYPE_CHECKING

from scrapectl.local.registry import Call, Params, Refusal, check

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud
    from scrapectl.local.services.rds.state import Instance

PREFIX = "rds!db-"
_LENGTH = 28
_SIGNS = "!#$%&()*+,-.:;<=>?[]^_{|}~"


def new_password() -> str:
    """Return a random password that RDS itself would take."""
    letters = string.ascii_letters + string.digits + _SIGNS
    return secrets.choice(string.ascii_letters) + "".join(secrets.choice(letters) for _ in range(_LENGTH - 1))


def make_secret(call: Call, instance: Instance, kms_key: str | None) -> None:
    """Keep an instance's password in a new secret of RDS, as the user guide and a measured answer show it."""
    of = instance.document["DBInstanceArn"]
    owned = {"aws:secretsmanager:owningService": "rds", "aws:rds:primaryDBInstanceArn": of}
    made = _ours(
        call.cloud,
        call.region,
        "CreateSecret",
        {
            "Name": f"{PREFIX}{uuid.uuid4()}",
            "Description": f"The secret associated with the primary RDS DB instance: {of}",
            "SecretString": _text(instance),
            "Tags": [{"Key": key, "Value": value} for key, value in owned.items()],
        },
    )
    key = kms_key or call.arn("alias/aws/secretsmanager", "kms")
    status = "creating" if instance.status == "creating" else "active"
    instance.document["MasterUserSecret"] = {"SecretArn": made["ARN"], "SecretStatus": status, "KmsKeyId": key}


def drop_secret(cloud: Cloud, region: str, instance: Instance) -> None:
    """Take an instance's secret away at once, if it has one."""
    held = instance.document.pop("MasterUserSecret", None)
    if held:
        wanted = {"SecretId": held["SecretArn"], "ForceDeleteWithoutRecovery": True}
        _ours(cloud, region, "DeleteSecret", wanted)


def rotate_secret(cloud: Cloud, region: str, instance: Instance) -> None:
    """Write an instance's new password into its secret."""
    arn = instance.document["MasterUserSecret"]["SecretArn"]
    _ours(cloud, region, "PutSecretValue", {"SecretId": arn, "SecretString": _text(instance)})


def _text(instance: Instance) -> str:
    return json.dumps({"username": instance.document["MasterUsername"], "password": instance.password})


def _ours(cloud: Cloud, region: str, operation: str, params: Params) -> Params:
    """Call moto past the checks that hold for users."""
    return Call(cloud, "secretsmanager", operation, params, region).moto()


def _check_owner(call: Call) -> None:
    """Refuse to change or delete a secret that RDS owns (the user guide on managed secrets)."""
    try:
        found = call.moto({"SecretId": call.params["SecretId"]}, "DescribeSecret")
    except Refusal:
        return
    if found.get("OwningService"):
        text = (
            f"You can't perform this operation on the secret because it is managed by {found['OwningService']}. "
            "Use the managing service."
        )
        raise Refusal("InvalidRequestException", text, 400)


for _name in ("DeleteSecret", "PutSecretValue", "UpdateSecret"):
    check("secretsmanager", _name)(_check_owner)
