"""`access.connect` to warehouses → leave to send them SQL by the Data API, and to read the password it is sent with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scrapectl.blueprint.scope import Scope

_SEND = ("redshift-data:BatchExecuteStatement", "redshift-data:ExecuteStatement")
_LOOK = ("redshift-data:DescribeTable", "redshift-data:ListSchemas", "redshift-data:ListTables")
# A statement has no ARN; whoever sent it is all that can be asked for ("Authorizing access to the Amazon Redshift Data
# API", condition key redshift-data:statement-owner-iam-userid).
_OWN = (
    "redshift-data:CancelStatement",
    "redshift-data:DescribeStatement",
    "redshift-data:GetStatementResult",
    "redshift-data:ListStatements",
)
_MINE = {"StringEquals": {"redshift-data:statement-owner-iam-userid": "${aws:userid}"}}


def warehouse_statements(scope: Scope, keys: Iterable[str]) -> list[dict[str, Any]]:
    """Everything that whoever asks these warehouses may do."""
    wanted = sorted(set(keys))
    if not wanted:
        return []
    arns = [scope.ref("warehouses", key, "arn") for key in wanted]
    secrets = [scope.ref("warehouses", key, "secret") for key in wanted]
    return [
        _allow((*_SEND, *_LOOK), arns),
        {**_allow(_OWN, ["*"]), "Condition": _MINE},
        _allow(("secretsmanager:GetSecretValue",), secrets),
    ]


def _allow(actions: Iterable[str], resources: list[Any]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": sorted(actions), "Resource": sorted(set(resources), key=str)}
