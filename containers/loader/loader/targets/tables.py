"""Compares a table that stands with the declared columns, and says what is to be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from loader.columns import Column, Type
from loader.document import Document
from loader.problems import DocumentWrong, TableDiffers


@dataclass(frozen=True)
class Standing:
    """A column of a table that stands; `type` in the engine's words."""

    type: str
    nullable: bool
    default: bool = False


def missing_columns(document: Document, engine: str, table: Mapping[str, Standing]) -> list[Column]:
    """List the declared columns that are to be added to a table.

    Raises:
        TableDiffers: The table does not take the declared rows; every difference is named.
    """
    wrong, missing = [], []
    for column in document.columns:
        standing = table.get(column.name)
        if standing is None:
            missing.append(column)
        elif not _takes(column.type, standing.type, engine):
            wrong.append(f"column {column.name} is {standing.type}, declared is {column.type.sql(engine)}")
    if missing and not document.evolve:
        wrong.append("it has no column " + ", ".join(column.name for column in missing))
    declared = set(document.names)
    for name, standing in table.items():
        if name not in declared and not standing.nullable and not standing.default:
            wrong.append(f"its column {name} takes no NULL, and is not declared")
    if wrong:
        assert document.target is not None  # noqa: S101 - for the type alone
        raise TableDiffers(f"table {document.target.schema}.{document.target.table} differs: {'; '.join(wrong)}")
    return missing


def _takes(declared: Type, found: str, engine: str) -> bool:
    if declared.sql(engine) == found:
        return True
    try:
        table = Type.parse(found)
    except DocumentWrong:
        return False
    try:
        return Type.parse(declared.sql(engine)).fits(table)
    except DocumentWrong:  # an engine's word for what it has no type for
        return declared.fits(table)
