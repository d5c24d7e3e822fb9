"""What can go wrong with a load: whose fault it was decides whether it is tried again by itself."""

from __future__ import annotations


class LoadFailed(Exception):
    """Nothing was loaded, and not because of the rows: another try may do better."""


class DocumentWrong(LoadFailed):
    """What the loader was told does not make sense."""


class TableDiffers(LoadFailed):
    """The table that stands is not the one that was declared."""


class SchemaMissing(LoadFailed):
    """The schema of the table is not there; it is whoever keeps the database who makes schemas."""

    def __init__(self, schema: str, database: str) -> None:
        super().__init__(
            f'schema "{schema}" does not exist in database {database}: create it, or write into.table without a schema'
        )


class SourceChanged(LoadFailed):
    """An object is no longer what it was when the load began."""


class LoadRefused(Exception):
    """Nothing was loaded, because of what the sources hold: they are left alone until someone asks for them again.

    Attributes:
        sources: Names and versions of those to blame.
    """

    def __init__(self, reason: str, sources: list[tuple[str, str]] | None = None) -> None:
        super().__init__(reason)
        self.sources = sources or []
