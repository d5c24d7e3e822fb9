"""Which secrets something reads → the statements that let it read just those, and how it names them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scrapectl.blueprint import access
from scrapectl.blueprint.scope import Scope
from scrapectl.engine.values import Ref, Text
from scrapectl.spec.model import SecretRef


def secret_statements(scope: Scope, secrets: Iterable[SecretRef]) -> list[access.Statement]:
    """Leave to read secrets, and to use the users' keys that some of them are under."""
    found, wanted = [], list(secrets)
    if wanted:
        arns = [_pattern(scope, secret) for secret in wanted]
        found.append(access.allow(("secretsmanager:GetSecretValue",), arns))
    if keys := [key for secret in wanted if (key := _key_of(scope, secret))]:
        through = {"StringEquals": {"kms:ViaService": f"secretsmanager.{scope.facts.region}.{_domain(scope)}"}}
        found.append(access.allow(("kms:Decrypt",), keys, through))
    return found


def secret_arn(scope: Scope, secret: SecretRef) -> Any:
    """The ARN of a secret, as a reference where only AWS knows it."""
    return scope.text(secret.arn) if secret.arn is not None else scope.ref("secrets", str(secret.secret), "arn")


def _pattern(scope: Scope, secret: SecretRef) -> str | Ref | Text:
    """A secret's ARN ends in six characters that AWS chooses; the pattern is AWS's own advice and matches just it.

    Of a database's password AWS chooses the whole name, so that the role waits for the database.
    """
    if secret.arn is not None:
        found: str | Ref | Text = scope.text(secret.arn)
        return found
    key = str(secret.secret)
    existing = scope.facts.existing.get(("secrets", key))
    if existing is not None:
        return existing["arn"]
    partition, region, account = scope.place
    return f"arn:{partition}:secretsmanager:{region}:{account}:secret:{scope.physical('secrets', key)}-??????"


def _key_of(scope: Scope, secret: SecretRef) -> str | None:
    """The ARN of the user's key that an existing secret is under; None for AWS's own, which needs no leave."""
    key = scope.facts.existing.get(("secrets", str(secret.secret)), {}).get("key", "")
    if not key or "alias/aws/" in key:
        return None
    partition, region, account = scope.place
    # A policy cannot name a key by alias: that of an alias is any key, as far as Secrets Manager asks for it.
    name = "*" if "alias/" in key else key
    return key if ":key/" in key else f"arn:{partition}:kms:{region}:{account}:key/{name}"


def _domain(scope: Scope) -> str:
    return "amazonaws.com.cn" if scope.facts.partition == "aws-cn" else "amazonaws.com"
