"""ListTables, ListSchemas, ListDatabases, DescribeTable: what is in a warehouse, without a statement of one's own."""

from __future__ import annotations

from scrapectl.local.paging import page
from scrapectl.local.registry import Call, Params, operation
from scrapectl.local.services.redshift_data.endpoint import Endpoint, endpoint_of, invalid
from scrapectl.local.warehouses.copying import Copying, Who
from scrapectl.local.warehouses.database import Outcome
from scrapectl.local.warehouses.problems import StatementFailed
from scrapectl.local.warehouses.store import store_of
from scrapectl.local.warehouses.tokens import bound, tokens_of

_SERVICE = "redshift-data"
_MOST = 1000


@operation(_SERVICE, "ListDatabases", locked=False)
def list_databases(call: Call) -> Params:
    """Answer the one database that a warehouse of ours has."""
    return {"Databases": [endpoint_of(call).database]}


@operation(_SERVICE, "ListSchemas", locked=False)
def list_schemas(call: Call) -> Params:
    """Answer the schemas of the user's."""
    sql = "SELECT schema_name FROM duckdb_schemas() WHERE NOT internal AND schema_name <> 'main' ORDER BY 1"
    return {"Schemas": [row[0] for row in _ask(call, sql).rows]}


@operation(_SERVICE, "ListTables", locked=False)
def list_tables(call: Call) -> Params:
    """Answer the tables whose schema and name fit patterns (% and _)."""
    sql = (
        "SELECT table_schema, table_name FROM svv_tables "
        "WHERE table_schema LIKE :schema AND table_name LIKE :table ORDER BY 1, 2"
    )
    params = call.params
    patterns = {"schema": params.get("SchemaPattern", "%"), "table": params.get("TablePattern", "%")}
    tables = [{"name": name, "schema": schema, "type": "TABLE"} for schema, name in _ask(call, sql, patterns).rows]
    some, token = page(tables, params.get("MaxResults"), params.get("NextToken"), most=_MOST)
    return {"Tables": some, "NextToken": token}


@operation(_SERVICE, "DescribeTable", locked=False)
def describe_table(call: Call) -> Params:
    """Answer a table's columns."""
    sql = (
        "SELECT column_name, data_type, character_maximum_length, is_nullable, column_default FROM svv_columns "
        "WHERE table_schema = :schema AND table_name = :table ORDER BY ordinal_position"
    )
    schema, table = call.params.get("Schema", "public"), call.params.get("Table", "")
    found = _ask(call, sql, {"schema": schema, "table": table}).rows
    columns = [
        {
            "name": name,
            "typeName": type_,
            "length": int(length or 0),
            "nullable": int(nullable == "YES"),
            "columnDefault": default,
            "schemaName": schema,
            "tableName": table,
        }
        for name, type_, length, nullable, default in found
    ]
    return {"TableName": table, "ColumnList": columns}


def _ask(call: Call, sql: str, values: dict[str, str | None] | None = None) -> Outcome:
    with call.cloud.lock:
        endpoint: Endpoint = endpoint_of(call)
        database = store_of(call.cloud).of(endpoint.arn).database(endpoint.database)
    if endpoint.stranger:
        raise invalid(f"ERROR: {endpoint.stranger}")
    who = Who(call.cloud, call.region, endpoint.roles, endpoint.user)
    given = {name: str(value) for name, value in (values or {}).items()}
    try:
        return database.run([bound(tokens_of(sql), given)], Copying(who))[0]
    except StatementFailed as failed:
        raise invalid(f"ERROR: {failed.message}") from failed
