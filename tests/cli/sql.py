"""A secret and a statement → the rows that PostgreSQL, or Redshift through its Data API, answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.cli.uploads import Account, await_

_ENDED = {"FINISHED", "FAILED", "ABORTED"}


def in_postgres(account: Account, where: Mapping[str, Any], secret: str, sql: str) -> list[tuple[Any, ...]]:
    """Ask as whoever may read the secret; `where` is host, port and dbname."""
    import psycopg  # noqa: PLC0415 - of the tests alone

    login = json.loads(account.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])
    with psycopg.connect(**where, user=login["username"], password=login["password"]) as connection:
        return connection.execute(sql.encode()).fetchall()


def in_redshift(account: Account, where: Mapping[str, Any], secret: str, sql: str) -> list[tuple[Any, ...]]:
    """Ask as any client does; `where` is Database, and WorkgroupName or ClusterIdentifier.

    Raises:
        LookupError: The statement failed; the message is Redshift's.
    """
    api = account.client("redshift-data")
    sent = api.execute_statement(**where, SecretArn=secret, Sql=sql)["Id"]
    told = await_(lambda: (found := api.describe_statement(Id=sent))["Status"] in _ENDED and found)
    if told["Status"] != "FINISHED":
        raise LookupError(told.get("Error", told["Status"]))
    records = api.get_statement_result(Id=sent)["Records"]
    return [tuple(None if "isNull" in field else next(iter(field.values())) for field in row) for row in records]
