"""Turns who may call a function into the statements of its resource policy, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scrapectl.engine.resource import Aws
from scrapectl.engine.values import Allowing

_ABSENT = ("ResourceNotFoundException",)
_INVOKE = "lambda:InvokeFunction"


@dataclass(frozen=True)
class Permission(Allowing):
    """One statement of a function's resource policy: who may invoke it.

    Attributes:
        sid: Names it within the function.
        principal: A service, such as "events.amazonaws.com"; of a statement of another sort, which is never wanted,
            the whole statement as JSON.
        source_arn: On whose behalf alone, such as a rule's ARN.
        source_account: On which account's behalf alone.
    """

    sid: str
    principal: str
    source_arn: Any = None
    source_account: str | None = None


def permissions_of(policy: str) -> frozenset[Permission]:
    """Read a resource policy, as GetPolicy answers it."""
    return frozenset(_permission(statement) for statement in json.loads(policy)["Statement"])


def _permission(statement: Mapping[str, Any]) -> Permission:
    rest = {key: value for key, value in statement.items() if key not in {"Sid", "Resource"}}
    principal = rest.pop("Principal", None)
    service = principal.get("Service") if isinstance(principal, Mapping) and len(principal) == 1 else None
    source_arn, source_account, others = _conditions(rest.pop("Condition", {}))
    if rest != {"Effect": "Allow", "Action": _INVOKE} or others or not isinstance(service, str):
        return Permission(statement.get("Sid", ""), json.dumps(statement, sort_keys=True))
    return Permission(statement["Sid"], service, source_arn, source_account)


def _conditions(condition: Mapping[str, Any]) -> tuple[str | None, str | None, bool]:
    """Split a condition into the source's ARN, its account, and whether it says anything else.

    AddPermission writes SourceArn as ArnLike and SourceAccount as StringEquals (its documentation).
    """
    found = {(how, key): value for how, keys in condition.items() for key, value in keys.items()}
    source_arn = found.pop(("ArnLike", "AWS:SourceArn"), None)
    source_account = found.pop(("StringEquals", "AWS:SourceAccount"), None)
    return source_arn, source_account, bool(found)


def replace_permissions(
    aws: Aws, function: str, standing: frozenset[Permission], wanted: frozenset[Permission]
) -> None:
    """Remove what is not wanted, then add what is missing: a permission cannot be changed, nor two at once."""
    for permission in sorted(standing - wanted, key=_by_sid):
        aws.call("lambda", "remove_permission", absent=_ABSENT, FunctionName=function, StatementId=permission.sid)
    for permission in sorted(wanted - standing, key=_by_sid):
        source = {"SourceArn": permission.source_arn, "SourceAccount": permission.source_account}
        aws.call(
            "lambda",
            "add_permission",
            FunctionName=function,
            StatementId=permission.sid,
            Action=_INVOKE,
            Principal=permission.principal,
            **{member: value for member, value in source.items() if value is not None},
        )


def _by_sid(permission: Permission) -> str:
    return permission.sid
