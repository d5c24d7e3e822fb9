"""COPY … FROM 's3://…' as it is written → what is loaded from where, by which role, and how its files are read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from scrapectl.local.warehouses.problems import StatementFailed
from scrapectl.local.warehouses.tokens import Reader, plain

Format: TypeAlias = Literal["delimited", "csv", "json", "parquet"]

_PLACE = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]+)/(?P<key>.*)", re.DOTALL)
# Options that change nothing of what is loaded here: statistics, compression, formats that are taken as they come.
_FLAGS = (
    *("acceptinvchars", "blanksasnull", "emptyasnull", "explicit_ids", "fillrecord", "ignoreblanklines", "roundec"),
    *("trimblanks", "truncatecolumns"),
)
_SWITCHES = ("compupdate", "statupdate")
_NUMBERS = {"ignoreheader": "header", "maxerror": "errors"}
# Option → what it sets; formats of times and the encoding are found out here.
_TEXTS = {"iam_role": "role", "delimiter": "delimiter", "quote": "quote", "region": "region", "null": "null"}
_TEXTS |= {"dateformat": "", "timeformat": "", "encoding": ""}


@dataclass
class Copy:
    """A COPY.

    Attributes:
        columns: The columns that the files hold, in their order; empty: all of the table.
        role: ARN, or "default".
        json: "auto", "auto ignorecase", "noshred", or where a file of paths is.
        header: How many lines of each file are left out.
        region: Of the bucket, when it is not the warehouse's own.
    """

    schema: str
    table: str
    bucket: str
    key: str
    columns: tuple[str, ...] = ()
    role: str = ""
    format: Format = "delimited"
    json: str = "auto"
    delimiter: str = "|"
    quote: str = '"'
    header: int = 0
    gzip: bool = False
    manifest: bool = False
    region: str = ""
    errors: int = 0
    flags: set[str] = field(default_factory=set)
    null: str | None = None


def read_copy(reader: Reader) -> Copy:
    """Read a COPY.

    Raises:
        StatementFailed: It cannot be read, or says what the embedded warehouses do not know.
    """
    reader.wants("copy")
    schema, table = reader.table()
    columns: tuple[str, ...] = ()
    if reader.rest and reader.rest[0].is_sign("("):
        columns = tuple(token.text for token in reader.parenthesis() if not token.is_sign(","))
    reader.wants("from")
    place = _PLACE.fullmatch(_text(reader))
    if place is None:
        raise StatementFailed("COPY reads from s3:// alone in the embedded cloud")
    found = Copy(schema, table, place["bucket"], place["key"], columns)
    while reader.rest:
        _option(reader, found)
    if not found.role:
        raise StatementFailed("COPY needs CREDENTIALS or IAM_ROLE")
    return found


def _option(reader: Reader, found: Copy) -> None:
    word = reader.next().text
    reader.takes("as")
    if word in _FLAGS:
        found.flags.add(word)
    elif word in ("gzip", "manifest"):
        setattr(found, word, True)
    elif word in _SWITCHES:
        reader.next()
    elif word in ("csv", "json", "parquet"):
        _format(reader, found, word)
    elif word == "format":
        _format(reader, found, reader.next().text)
    elif word in _NUMBERS:
        setattr(found, _NUMBERS[word], int(reader.next().text))
    elif word in _TEXTS:
        _take_text(reader, found, word)
    else:
        raise StatementFailed(f'syntax error at or near "{word}"')


def _take_text(reader: Reader, found: Copy, word: str) -> None:
    if word == "iam_role" and reader.takes("default"):
        found.role = "default"
        return
    text = _text(reader)
    if _TEXTS[word]:
        setattr(found, _TEXTS[word], text.replace("\\t", "\t") if word == "delimiter" else text)


def _format(reader: Reader, found: Copy, word: str) -> None:
    if word not in ("csv", "json", "parquet"):
        raise StatementFailed(f'syntax error at or near "{word}"')
    found.format = word  # type: ignore[assignment]
    if word == "csv":
        found.delimiter = ","
        if reader.takes("quote"):
            reader.takes("as")
            found.quote = _text(reader)
    if word == "json":
        reader.takes("as")
        if reader.rest and reader.rest[0].kind == "text":
            found.json = _text(reader)


def _text(reader: Reader) -> str:
    token = reader.next()
    if token.kind != "text":
        reader.at -= 1
        raise reader.wrong()
    return plain(token)
