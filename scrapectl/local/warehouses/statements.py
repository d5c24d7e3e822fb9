"""One statement of Redshift's → what is to be done with DuckDB; what DuckDB alone has is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from scrapectl.local.warehouses.copy_command import Copy, read_copy
from scrapectl.local.warehouses.problems import StatementFailed
from scrapectl.local.warehouses.table_words import AddColumn, CreateTable, read_add_column, read_create_table
from scrapectl.local.warehouses.tokens import Reader, Token, sql_of

_QUERIES = ("select", "with", "show", "explain", "values")
_CHANGES = ("insert", "update", "delete", "merge")
_DEFINES = ("create", "drop", "alter", "truncate", "comment")
_NOTHING = (
    "analyze",
    "vacuum",
    "grant",
    "revoke",
    "set",
    "reset",
    "begin",
    "start",
    "commit",
    "end",
    "rollback",
    "abort",
)
# "Submitting queries with BatchExecuteStatement": it opens and ends its transaction itself.
_ALONE = ("vacuum",)
_OURS = {("information_schema", "columns"): "svv_columns", ("information_schema", "tables"): "svv_tables"}
# What DuckDB takes and Redshift does not ("Unsupported PostgreSQL features", and DuckDB's own).
_NOT_REDSHIFTS = (("on", "conflict"), ("or", "replace", "table"), ("returning",))


@dataclass(frozen=True)
class Query:
    """What answers rows."""

    sql: str


@dataclass(frozen=True)
class Change:
    """What changes rows; `table` is what it writes to, whose lengths are looked at afterwards."""

    sql: str
    table: tuple[str, str] | None = None


@dataclass(frozen=True)
class Define:
    """What changes what there is."""

    sql: str


@dataclass(frozen=True)
class Lock:
    """Tables that have to be there; the statements of a warehouse of ours run one after the other anyhow."""

    tables: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Nothing:
    """What Redshift does and nobody would see here (statistics, rights, room taken back)."""

    word: str


Deed: TypeAlias = "Query | Change | Define | CreateTable | AddColumn | Copy | Lock | Nothing"


def read_statement(tokens: Sequence[Token]) -> Deed:
    """Say what a statement is to do.

    Raises:
        StatementFailed: Redshift would not take it.
    """
    reader = Reader(tokens)
    if not tokens:
        raise StatementFailed("syntax error at end of input")
    word = tokens[0].text if tokens[0].kind == "word" else ""
    _refuse_what_is_not_redshifts(tokens)
    way = _WAYS.get(word)
    found = way(reader) if way else None
    if found is None and word in _DEFINES:
        found = Define(translated(tokens))
    if found is None:
        raise reader.wrong()
    return found


def must_stand_alone(deed: Deed) -> bool:
    """Whether Redshift takes it in no transaction."""
    return isinstance(deed, Nothing) and deed.word in _ALONE


def translated(tokens: Sequence[Token]) -> str:
    """Write a statement as DuckDB takes it: SUPER is JSON, and catalogs are views of ours."""
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        ours = _catalog(tokens, at)
        if ours:
            found.append(Token("word", ours))
            at += 3
            continue
        token = tokens[at]
        if token.is_word("super") and at and (tokens[at - 1].is_sign("::") or tokens[at - 1].is_word("as")):
            token = Token("word", "json")
        elif token.is_word("sysdate"):
            token = Token("word", "getdate()")
        found.append(token)
        at += 1
    return sql_of(found)


def _catalog(tokens: Sequence[Token], at: int) -> str:
    """The view of ours for `information_schema.columns`."""
    three = tokens[at : at + 3]
    if len(three) < 3 or not three[1].is_sign("."):  # noqa: PLR2004 - schema, dot, name
        return ""
    return _OURS.get((three[0].text, three[2].text), "")


def _refuse_what_is_not_redshifts(tokens: Sequence[Token]) -> None:
    for words in _NOT_REDSHIFTS:
        for at in range(len(tokens) - len(words) + 1):
            if all(token.is_word(word) for token, word in zip(tokens[at : at + len(words)], words, strict=True)):
                raise StatementFailed(f'syntax error at or near "{words[-1]}"')


def _target(reader: Reader) -> tuple[str, str] | None:
    """What a statement writes to."""
    if reader.takes("merge", "into"):
        _check_merge(reader)
    elif not (reader.takes("insert", "into") or reader.takes("update") or reader.takes("delete", "from")):
        return None
    return reader.table()


def _check_merge(reader: Reader) -> None:
    """Redshift wants both cases ("MERGE", Amazon Redshift Database Developer Guide)."""
    words = [token.text for token in reader.tokens if token.kind == "word"]
    both = [words[at : at + 3] for at, word in enumerate(words) if word == "when"]
    if "duplicates" not in words and not (
        any(found[:2] == ["when", "matched"] for found in both) and ["when", "not", "matched"] in both
    ):
        raise StatementFailed("MERGE has to have both WHEN MATCHED and WHEN NOT MATCHED")


def _lock(reader: Reader) -> Lock:
    reader.wants("lock")
    reader.takes("table")
    tables = [reader.table()]
    while reader.takes_sign(","):
        tables.append(reader.table())
    if reader.rest:
        raise reader.wrong()
    return Lock(tuple(tables))


_WAYS: dict[str, Callable[[Reader], Deed | None]] = {
    "copy": read_copy,
    "lock": _lock,
    "create": read_create_table,
    "alter": read_add_column,
    **dict.fromkeys(_NOTHING, lambda reader: Nothing(reader.next().text)),
    **dict.fromkeys(_QUERIES, lambda reader: Query(translated(reader.tokens))),
    **dict.fromkeys(_CHANGES, lambda reader: Change(translated(reader.tokens), _target(reader))),
}
