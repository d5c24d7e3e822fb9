"""Where rows go: one class for each engine, all of which load in one transaction with the ledger's lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from loader.document import Document
from loader.refusals import Refusals
from loader.rows import Rows
from loader.sources import Source

LEDGER = "scrapectl_ledger"


@dataclass(frozen=True)
class Known:
    """A line of the ledger."""

    source: str
    version: str
    etag: str
    run: str
    rows: int
    refused: int
    time: datetime | None


@dataclass(frozen=True)
class Load:
    """What is to be loaded in one transaction.

    Attributes:
        claims: What this load is to add to the ledger, in the order of their names.
        sources: Whose rows are loaded, the oldest first: the claims, and with `replace` what is known already and
            still there.
        as_of: Up to when the sources were looked at; with `replace` a table that holds newer ones stays.
        run: The name of the run.
    """

    claims: Sequence[Source]
    sources: Sequence[Source]
    as_of: datetime
    run: str


@dataclass(frozen=True)
class Loaded:
    """What came of a load: rows of each source; nothing when another load had been there before."""

    rows: Mapping[tuple[str, str], int] = field(default_factory=dict)
    superseded: bool = False


def in_time(sources: Sequence[Source]) -> list[Source]:
    """The oldest first: of rows with one key the last counts."""
    return sorted(sources, key=lambda one: (one.time, one))


class Target(Protocol):
    """A table, its ledger, and the connection to both."""

    def prepare(self) -> None:
        """Make the table and the ledger, or check that the table fits.

        Raises:
            TableDiffers: It does not.
            SchemaMissing: There is no such schema to make it in.
        """

    def known(self, names: Sequence[str], versions: Sequence[str] = ()) -> list[Known]:
        """Read what the ledger holds of some sources; of a queue, whose messages are many, of some versions alone."""

    def rows(self, refusals: Refusals) -> Rows:
        """Give what turns sources into rows that this engine takes."""

    def load(self, load: Load, refusals: Refusals) -> Loaded:
        """Load all of it, or nothing.

        Raises:
            LoadRefused: Rows do not fit.
            SourceChanged: A source is no longer what it was.
        """

    def passing(self, error: Exception) -> bool:
        """Say whether the same load, tried again now, may succeed, or may be found to have succeeded."""

    def close(self) -> None:
        """End the connection."""


def target_of(document: Document, clients: Any) -> Target:
    """Make the target of a document; `clients` gives a client of an AWS service by its name."""
    told = document.target
    assert told is not None, "without a target nothing is loaded"  # noqa: S101 - for the type alone
    if told.engine == "postgres":
        from loader.targets.postgres import Postgres  # noqa: PLC0415 - a function for Redshift has no psycopg

        return Postgres(document, clients)
    if told.engine == "mysql":
        from loader.targets.mysql import MySql  # noqa: PLC0415

        return MySql(document, clients)
    from loader.targets.redshift import Redshift  # noqa: PLC0415

    return Redshift(document, clients)
