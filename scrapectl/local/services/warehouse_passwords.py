"""The secret in which Redshift keeps an admin password that it manages: made with a warehouse, and gone with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from scrapectl.local.registry import Call, Params
from scrapectl.local.services.rds.passwords import new_password

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

PREFIX = "redshift!"


def make_secret(call: Call, name: str, username: str, of: str) -> tuple[str, str]:
    """Make a password, keep it in a secret of Redshift's, and return it with the secret's ARN.

    The secret's name is that of AWS ("Managing Amazon Redshift admin passwords using AWS Secrets Manager").
    """
    password = new_password()
    owned = {"aws:secretsmanager:owningService": "redshift", "aws:redshift:arn": of}
    asked = {
        "Name": f"{PREFIX}{name}-{username}",
        "Description": f"The secret associated with the Amazon Redshift warehouse: {of}",
        "SecretString": json.dumps({"username": username, "password": password}),
        "Tags": [{"Key": key, "Value": value} for key, value in owned.items()],
    }
    return password, str(_ours(call.cloud, call.region, "CreateSecret", asked)["ARN"])


def drop_secret(cloud: Cloud, region: str, arn: str | None) -> None:
    """Take a secret of Redshift's away at once."""
    if arn:
        _ours(cloud, region, "DeleteSecret", {"SecretId": arn, "ForceDeleteWithoutRecovery": True})


def password_in(cloud: Cloud, region: str, arn: str) -> tuple[str, str]:
    """Read the user and the password that a secret holds; empty where it holds none.

    Raises:
        Refusal: There is no such secret.
    """
    found = cloud.call("secretsmanager", "GetSecretValue", {"SecretId": arn}, region)
    try:
        known = json.loads(found.get("SecretString") or "{}")
    except ValueError:
        return "", ""
    return str(known.get("username", "")), str(known.get("password", ""))


def _ours(cloud: Cloud, region: str, operation: str, params: Params) -> Params:
    """Call moto past the checks that hold for users."""
    return Call(cloud, "secretsmanager", operation, params, region).moto()
