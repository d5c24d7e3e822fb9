"""Loads into Redshift through its Data API: rows are staged, then one batch of statements is one transaction."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from loader.document import Document
from loader.problems import LoadFailed, SchemaMissing
from loader.records import now
from loader.refusals import Refusals
from loader.rows import Row, Rows
from loader.sources import Source
from loader.targets import Known, Load, Loaded
from loader.targets.redshift_sql import COLUMNS_OF, ORDER, Statements, type_of
from loader.targets.staging import Staging
from loader.targets.tables import Standing, missing_columns

TRIES = 5
VERSIONS = 500  # ids of messages in one question
FIRST_LOOK, SLOWEST_LOOK = 0.1, 2.0  # seconds
_FINISHED, _ENDED = "FINISHED", {"FINISHED", "FAILED", "ABORTED"}
_IN_THE_WAY = ("1023", "serializable isolation", "deadlock", "concurrent transaction", "could not serialize")


class StatementFailed(LoadFailed):
    """Redshift did not do what it was told, and says why.

    Attributes:
        began: When the statement was sent, maybe by an earlier try.
    """

    def __init__(self, reason: str, status: str, began: datetime) -> None:
        super().__init__(reason)
        self.began, self._status = began, status

    @property
    def passing(self) -> bool:
        """Whether another transaction was in its way, or someone ended it."""
        return self._status == "ABORTED" or any(mark in str(self).lower() for mark in _IN_THE_WAY)


class Redshift:
    """See `targets.Target`."""

    def __init__(self, document: Document, clients: Any) -> None:
        assert document.target is not None  # noqa: S101 - for the type alone
        self._document, self._told = document, document.target
        self._statements = Statements(document, document.target)
        self._data, self._s3 = clients("redshift-data"), clients("s3")

    def prepare(self) -> None:
        """See `targets.Target`."""
        self._make_ledger()
        table = self._standing()
        if not table:
            self._run(self._statements.make_table())
            return
        for column in missing_columns(self._document, "redshift", table):
            self._run(self._statements.add_column(column))

    def known(self, names: Sequence[str], versions: Sequence[str] = ()) -> list[Known]:
        """See `targets.Target`."""
        if not names:
            return []
        values = {"loader": self._document.ledger_key} | ({"source": names[0]} if len(names) == 1 else {})
        wanted, found = set(names), []
        statement = self._statements.known(one=len(names) == 1, some=bool(versions))
        for first in range(0, len(versions) or 1, VERSIONS):
            some = {"versions": " ".join(versions[first : first + VERSIONS])} if versions else {}
            found += self._run(statement, **values, **some)
        return [_known(row) for row in found if row[0] in wanted]

    def rows(self, refusals: Refusals) -> Rows:
        """See `targets.Target`."""
        return Rows(self._document, "redshift", refusals)

    def load(self, load: Load, refusals: Refusals) -> Loaded:
        """See `targets.Target`."""
        staging = Staging(self._s3, self._document, load.run)
        rows: dict[tuple[str, str], int] = {}
        staging.put_rows(self._document.columns, self._all_rows(load, refusals, rows), ORDER)
        refusals.check()
        claim = staging.put_claim([self._claim(one, load, rows, refusals) for one in load.claims])
        self._transaction(self._statements.load(claim, staging.manifest()))
        names, versions = sorted({one.name for one in load.claims}), [one.version for one in load.claims]
        stands = {(one.source, one.version): one.run for one in self.known(names, versions if len(names) == 1 else ())}
        if all(stands.get(one.identity) == load.run for one in load.claims):
            return Loaded(rows)
        return Loaded(superseded=not any(one.identity in stands for one in load.claims))

    def passing(self, error: Exception) -> bool:
        """See `targets.Target`: a connection to AWS that broke more often than its client tries."""
        from botocore.exceptions import HTTPClientError  # noqa: PLC0415 - slow to load

        return isinstance(error, HTTPClientError)

    def close(self) -> None:
        """See `targets.Target`; there is none."""

    def _make_ledger(self) -> None:
        try:
            self._run(self._statements.make_ledger())
        except StatementFailed as failed:
            # The Data API tells an error in words alone; these are PostgreSQL's, from which Redshift has them.
            if f'schema "{self._told.schema}" does not exist' in str(failed):
                raise SchemaMissing(self._told.schema, self._told.database) from failed
            raise

    def _all_rows(self, load: Load, refusals: Refusals, counts: dict[tuple[str, str], int]) -> Iterator[Row]:
        reader = self.rows(refusals)
        for source in load.sources:
            counts[source.identity] = 0
            for row in reader.of(source):
                counts[source.identity] += 1
                yield row

    def _claim(
        self, source: Source, load: Load, rows: dict[tuple[str, str], int], refusals: Refusals
    ) -> dict[str, Any]:
        return {
            "loader": self._document.ledger_key,
            "source": source.name,
            "version": source.version,
            "etag": source.etag,
            "rows": rows[source.identity],
            "refused": refusals.blamed.get(source.identity, 0),
            "run": load.run,
            "loaded_at": _moment(now()),
            "source_time": _moment(source.time),
            "as_of": _moment(load.as_of),
        }

    def _transaction(self, statements: list[str]) -> None:
        """Run a batch as one transaction, again when another one was in its way.

        The token is made of the statements: a request that is sent twice runs once (for 8 hours), and one that had
        failed before this try began is sent anew.
        """
        began = now()
        for number in range(TRIES):
            token = hashlib.sha256("\n".join([str(number), *statements]).encode()).hexdigest()
            sent = self._data.batch_execute_statement(Sqls=statements, ClientToken=token, **self._where())
            try:
                self._wait(sent["Id"])
            except StatementFailed as failed:
                if number == TRIES - 1 or not (failed.passing or failed.began < began):
                    raise
            else:
                return

    def _run(self, statement: str, **values: str) -> list[list[Any]]:
        """Run one statement, and read its rows."""
        told = [{"name": name, "value": value} for name, value in values.items()]
        bound = {"Parameters": told} if told else {}
        sent = self._data.execute_statement(Sql=statement, **bound, **self._where())
        if not self._wait(sent["Id"]).get("HasResultSet"):
            return []
        pages = self._data.get_paginator("get_statement_result").paginate(Id=sent["Id"])
        return [[_value(field) for field in row] for page in pages for row in page["Records"]]

    def _wait(self, number: str) -> dict[str, Any]:
        pause = FIRST_LOOK
        while True:
            told: dict[str, Any] = self._data.describe_statement(Id=number)
            if told["Status"] in _ENDED:
                break
            time.sleep(pause)
            pause = min(pause * 1.5, SLOWEST_LOOK)
        if told["Status"] != _FINISHED:
            reason = told.get("Error") or f"the statement ended {told['Status']}"
            raise StatementFailed(f"Redshift: {reason}", told["Status"], told.get("CreatedAt") or now())
        return told

    def _where(self) -> dict[str, str]:
        told = self._told
        one = {"WorkgroupName": told.workgroup} if told.workgroup else {"ClusterIdentifier": told.cluster}
        return {**one, "Database": told.database, "SecretArn": told.secret}

    def _standing(self) -> dict[str, Standing]:
        found = self._run(COLUMNS_OF, schema=self._told.schema, table=self._told.table)
        return {
            name: Standing(type_of(kind, length, precision, scale), str(nullable).upper() == "YES")
            for name, kind, length, precision, scale, nullable in found
        }


def _value(field: dict[str, Any]) -> Any:
    return None if field.get("isNull") else next(iter(field.values()))


def _known(row: list[Any]) -> Known:
    source, version, etag, run, rows, refused, moment = row
    found = datetime.fromisoformat(moment) if moment else None
    return Known(source, version, etag or "", run, rows or 0, refused or 0, found and _aware(found))


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(" ")
