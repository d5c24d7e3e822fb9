"""What Redshift's catalogs tell, as views over DuckDB's: a column's type of Redshift is kept as its comment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scrapectl.local.warehouses.tokens import literal, quoted
from scrapectl.local.warehouses.types import Type, read_type

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CATALOG = (
    "CREATE SCHEMA IF NOT EXISTS public",
    """CREATE OR REPLACE VIEW main.every_column AS
    SELECT database_name AS database, schema_name AS table_schema, table_name, column_name, column_index AS position,
        column_default, is_nullable, database_name = 'temp' AS is_temporary,
        coalesce(comment, CASE
            WHEN data_type = 'VARCHAR' THEN 'character varying(65535)'
            WHEN data_type = 'JSON' THEN 'super'
            WHEN data_type = 'HUGEINT' THEN 'bigint'
            WHEN data_type = 'DOUBLE' THEN 'double precision'
            WHEN data_type = 'FLOAT' THEN 'real'
            WHEN data_type = 'TIMESTAMP' THEN 'timestamp without time zone'
            WHEN data_type = 'TIMESTAMP WITH TIME ZONE' THEN 'timestamp with time zone'
            WHEN data_type = 'TIME' THEN 'time without time zone'
            WHEN data_type LIKE 'DECIMAL%' THEN replace(lower(data_type), 'decimal', 'numeric')
            ELSE lower(data_type) END) AS type
    FROM duckdb_columns() WHERE NOT internal""",
    """CREATE OR REPLACE VIEW main.svv_columns AS
    SELECT database AS table_catalog, table_schema, table_name, column_name, position AS ordinal_position,
        column_default,
        CASE WHEN is_nullable THEN 'YES' ELSE 'NO' END AS is_nullable,
        regexp_replace(type, '\\(.*\\)', '') AS data_type,
        CASE WHEN type LIKE 'character%' THEN CAST(regexp_extract(type, '\\((\\d+)\\)', 1) AS INTEGER) END
            AS character_maximum_length,
        CASE WHEN type LIKE 'numeric%' THEN CAST(regexp_extract(type, '\\((\\d+),', 1) AS INTEGER)
            WHEN type = 'smallint' THEN 16 WHEN type = 'integer' THEN 32 WHEN type = 'bigint' THEN 64 END
            AS numeric_precision,
        CASE WHEN type LIKE 'numeric%' THEN CAST(regexp_extract(type, ',(\\d+)\\)', 1) AS INTEGER)
            WHEN type IN ('smallint', 'integer', 'bigint') THEN 0 END AS numeric_scale
    FROM main.every_column WHERE table_schema <> 'main'""",
    """CREATE OR REPLACE VIEW main.svv_tables AS
    SELECT database_name AS table_catalog, schema_name AS table_schema, table_name, 'BASE TABLE' AS table_type
    FROM duckdb_tables() WHERE NOT internal AND schema_name <> 'main'""",
    """CREATE TABLE IF NOT EXISTS main.sys_load_error_detail (
        table_name VARCHAR, file_name VARCHAR, line_number BIGINT, column_name VARCHAR, column_type VARCHAR,
        column_length VARCHAR, raw_field_value VARCHAR, error_code INTEGER, error_message VARCHAR, raw_line VARCHAR,
        start_time TIMESTAMPTZ)""",
    """CREATE OR REPLACE VIEW main.stl_load_errors AS
    SELECT file_name AS filename, line_number, column_name AS colname, column_type AS type, column_length AS col_length,
        raw_line, raw_field_value, error_code AS err_code, error_message AS err_reason, start_time AS starttime
    FROM main.sys_load_error_detail""",
    "CREATE OR REPLACE MACRO main.json_parse(written) AS CAST(written AS JSON)",
    "CREATE OR REPLACE MACRO main.json_serialize(value) AS CAST(value AS VARCHAR)",
    "CREATE OR REPLACE MACRO main.json_extract_path_text(value, path) AS json_extract_string(value, path)",
    "CREATE OR REPLACE MACRO main.getdate() AS current_localtimestamp()",
    "CREATE OR REPLACE MACRO main.nvl(first, second) AS coalesce(first, second)",
)


def comment_of(place: str, column: str, type_: Type) -> str:
    """Write a column's type of Redshift down."""
    return f"COMMENT ON COLUMN {place}.{quoted(column)} IS {literal(str(type_))}"


def length_checks(columns: Sequence[Mapping[str, Any]], place: str) -> Iterator[tuple[str, Type]]:
    """Yield for each text of a bounded length the query that finds a longer one."""
    for column in columns:
        type_ = read_type(column["type"])
        if type_.length is not None:
            name = quoted(column["column_name"])
            yield f"SELECT 1 FROM {place} WHERE strlen({name}) > {type_.length} LIMIT 1", type_  # noqa: S608


def temporary(cursor: DuckDBPyConnection, name: str) -> bool:
    """Whether this session has a temporary table of this name."""
    found = cursor.execute("SELECT 1 FROM duckdb_tables() WHERE database_name = 'temp' AND table_name = $1", [name])
    return found.fetchone() is not None
