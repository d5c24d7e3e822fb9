"""DescribeStatement, GetStatementResult and ListStatements: what became of statements, and the rows they answered."""

from __future__ import annotations

from typing import Any

from scrapectl.local.paging import page
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.redshift_data.statements import (
    FINISHED,
    Statement,
    find,
    moment,
    sender_of,
    statements_in,
)
from scrapectl.local.warehouses.database import Outcome
from scrapectl.local.warehouses.types import Type

_SERVICE = "redshift-data"
_ROWS = 1000  # of a page; AWS's is by size, 1 MB or so
_WHOLE = ("smallint", "integer", "bigint")
_REAL = ("real", "double precision")
_SHORT = {
    "character varying": "varchar",
    "character": "bpchar",
    "smallint": "int2",
    "integer": "int4",
    "bigint": "int8",
}
_SHORT |= {
    "real": "float4",
    "double precision": "float8",
    "boolean": "bool",
    "timestamp without time zone": "timestamp",
}
_SHORT |= {"timestamp with time zone": "timestamptz", "time without time zone": "time"}


@operation(_SERVICE, "DescribeStatement", locked=False)
def describe(call: Call) -> Params:
    """Answer what became of a statement, or of one of a batch."""
    statement, part = find(call)
    statement.wait()
    if part:
        return {"Id": call.params["Id"], **_common(statement), **_part(statement, part - 1)}
    last = _outcome(statement, len(statement.sqls) - 1)
    found: dict[str, Any] = {"Id": statement.id, **_common(statement), "Error": statement.error or None}
    found["Status"] = statement.status
    if statement.batch:
        found["HasResultSet"] = any(each.answers for each in statement.outcomes)
        parts = [{"Id": f"{statement.id}:{at + 1}", **_part(statement, at)} for at in range(len(statement.sqls))]
        return {**found, "ResultRows": -1, "SubStatements": parts}
    more = {"QueryString": statement.sqls[0], "HasResultSet": bool(last and last.answers)}
    more |= {"QueryParameters": statement.parameters or None}
    return {**found, **more, "ResultRows": last.count if last else -1}


def _common(statement: Statement) -> dict[str, Any]:
    endpoint = statement.endpoint
    named = "ClusterIdentifier" if ":cluster:" in endpoint.arn else "WorkgroupName"
    return {
        named: endpoint.name,
        "Database": endpoint.database,
        "CreatedAt": moment(statement.created),
        "UpdatedAt": moment(statement.updated),
        "Duration": int((statement.updated - statement.created) * 1e9),
        "RedshiftPid": 1,
        "RedshiftQueryId": -1,
        "ResultFormat": "JSON",
    }


def _part(statement: Statement, at: int) -> dict[str, Any]:
    outcome = _outcome(statement, at)
    status = statement.status_of(at)
    return {
        "QueryString": statement.sqls[at],
        "Status": status,
        "Error": statement.error if status == "FAILED" else None,
        "HasResultSet": bool(outcome and outcome.answers),
        "ResultRows": outcome.count if outcome else -1,
        "CreatedAt": moment(statement.created),
        "UpdatedAt": moment(statement.updated),
    }


def _outcome(statement: Statement, at: int) -> Outcome | None:
    return statement.outcomes[at] if at < len(statement.outcomes) else None


@operation(_SERVICE, "GetStatementResult", locked=False)
def result(call: Call) -> Params:
    """Answer a page of rows."""
    statement, part = find(call)
    statement.wait()
    outcome = _outcome(statement, part - 1 if part else len(statement.sqls) - 1)
    if statement.status != FINISHED or outcome is None or not outcome.answers:
        text = "Query does not have result. Please check query status with DescribeStatement."
        raise Refusal("ResourceNotFoundException", text, 400)
    rows, token = page(list(outcome.rows), _ROWS, call.params.get("NextToken"), most=_ROWS)
    types = [type_ for _, type_ in outcome.columns]
    return {
        "ColumnMetadata": [_metadata(name, type_) for name, type_ in outcome.columns],
        "Records": [[_field(value, type_) for value, type_ in zip(row, types, strict=True)] for row in rows],
        "TotalNumRows": len(outcome.rows),
        "NextToken": token,
    }


def _metadata(name: str, type_: Type) -> dict[str, Any]:
    return {
        "name": name,
        "label": name,
        "typeName": _SHORT.get(type_.name, type_.name),
        "length": type_.length or 0,
        "precision": type_.precision or type_.length or 0,
        "scale": type_.scale or 0,
        "nullable": 1,
        "columnDefault": "",
        "isCaseSensitive": type_.name.startswith("character"),
        "isCurrency": False,
        "isSigned": type_.name in (*_WHOLE, *_REAL, "numeric"),
        "schemaName": "",
        "tableName": "",
    }


def _field(value: str | None, type_: Type) -> dict[str, Any]:
    """One value: whole numbers, reals and truths as such, all else as text (Field, Data API reference)."""
    if value is None:
        return {"isNull": True}
    if type_.name in _WHOLE:
        return {"longValue": int(value)}
    if type_.name in _REAL:
        return {"doubleValue": float(value)}
    if type_.name == "boolean":
        return {"booleanValue": value == "true"}
    return {"stringValue": value}


@operation(_SERVICE, "ListStatements")
def list_statements(call: Call) -> Params:
    """Answer the caller's own statements, the newest first; those that ended well, unless asked otherwise."""
    params, owner = call.params, sender_of(call)
    status = params.get("Status", FINISHED)
    found = [
        {
            "Id": each.id,
            "Status": each.status,
            "QueryString": each.sqls[0],
            "QueryStrings": each.sqls if each.batch else None,
            "IsBatchStatement": each.batch,
            "StatementName": each.name or None,
            "CreatedAt": moment(each.created),
            "UpdatedAt": moment(each.updated),
        }
        for each in reversed(statements_in(call.cloud, call.region).known.values())
        if each.owner == owner
        and status in ("ALL", each.status)
        and each.name.startswith(params.get("StatementName", ""))
    ]
    some, token = page(found, params.get("MaxResults"), params.get("NextToken"))
    return {"Statements": some, "NextToken": token}
