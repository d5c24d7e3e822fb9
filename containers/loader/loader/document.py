"""Turns the JSON document that tells a loader what it is into frozen values, each checked."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loader.columns import NAME, Column, Type
from loader.problems import DocumentWrong

VARIABLE = "SCRAPECTL_LOAD"
ENGINES = ("postgres", "mysql", "redshift")
LOADER = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
COPY_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+")


@dataclass(frozen=True)
class Place:
    """A prefix of a bucket."""

    bucket: str
    prefix: str = ""


@dataclass(frozen=True)
class Target:
    """A table of a database; host and port, or workgroup or cluster of Redshift."""

    engine: str
    database: str
    schema: str
    table: str
    secret: str
    host: str = ""
    port: int = 0
    workgroup: str = ""
    cluster: str = ""
    copy_role: str = ""


@dataclass(frozen=True)
class Format:
    """How rows are written; `gzip` None: the bytes tell; type `any`, which is only looked at: the names tell."""

    type: str = "csv"
    delimiter: str = ","
    header: bool = True
    gzip: bool | None = None


@dataclass(frozen=True)
class BadRows:
    """Where refused rows go, and how many a load may have."""

    place: Place
    most: int


@dataclass(frozen=True)
class Expectation:
    """What the output of a job must be like, before it is loaded.

    Attributes:
        fields: The least share of rows in which a field is filled, 0 to 1.
        max_age: Seconds since the newest object was written.
        change: The share by which the number of rows may differ from the median of the last loads.
        topic: Who is told, where nothing is loaded.
        bucket: Where the output is, when not in the document's source.
    """

    job: str
    prefix: str
    min_items: int | None
    fields: Mapping[str, float]
    key: tuple[str, ...]
    max_age: int | None
    change: float | None
    topic: str | None = None
    bucket: str = ""


@dataclass(frozen=True)
class Document:
    """What one loader is; without a target it only checks expectations.

    Attributes:
        queue: The URL of the queue that it reads, instead of a `source`.
        dead: The URL of that queue's dead-letter queue, when it is the pipeline's own.
    """

    pipeline: str
    loader: str
    region: str | None
    source: Place | None
    queue: str | None
    dead: str | None
    staging: Place
    target: Target | None
    format: Format
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    mode: str
    evolve: bool
    bad_rows: BadRows | None
    expect: tuple[Expectation, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in their order."""
        return tuple(column.name for column in self.columns)

    @property
    def ledger_key(self) -> str:
        """Whose lines of the ledger are this loader's: instances may share a database, and a loader change its table.

        The instance, the loader and the table, of which none holds a slash: `shop.prod/persons/public.persons`.
        """
        assert self.target is not None, "without a target nothing is loaded"  # noqa: S101 - for the type alone
        return f"{self.pipeline}/{self.loader}/{self.target.schema}.{self.target.table}"


def find(environ: Mapping[str, str] = os.environ, beside: Path | None = None) -> Document:
    """Read the document: that of the environment, over what load.json beside the package says.

    A job has all of it in the environment. A function has in its zip what its spec decides, and in the environment
    the names, addresses and ARNs that AWS chose after the zip was made; Lambda takes 4 KB of variables.

    Raises:
        DocumentWrong: There is none, or it is wrong.
    """
    text, file = environ.get(VARIABLE), beside or Path(__file__).parents[1] / "load.json"
    if text is None and not file.exists():
        raise DocumentWrong(f"neither {VARIABLE} nor {file.name} tells what to load")
    try:
        packed = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return read(json.dumps({**packed, **json.loads(text or "{}")}))
    except (TypeError, ValueError) as error:
        raise DocumentWrong(f"the loader's document is no JSON object: {error}") from error


def read(text: str) -> Document:
    """Check a document.

    Raises:
        DocumentWrong: Something in it cannot be; the first such thing is named.
    """
    try:
        return _read(json.loads(text))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DocumentWrong(f"the loader's document is wrong: {type(error).__name__} {error}") from error


def _read(told: dict[str, Any]) -> Document:
    need(told["version"] == 1, "its version is not 1")
    need(bool(LOADER.fullmatch(told["loader"])), "loader")
    source = told.get("source") or {}
    target = told.get("target")
    found = Document(
        pipeline=told["pipeline"],
        loader=told["loader"],
        region=told.get("region"),
        source=_place(source) if "bucket" in source else None,
        queue=source.get("queue"),
        dead=source.get("dead"),
        staging=_place(told["staging"]),
        target=_target(target) if target else None,
        format=_format(told.get("format") or {}, queue="queue" in source) if target else Format("any"),
        columns=tuple(_column(one) for one in told.get("columns") or ()),
        key=tuple(told.get("key") or ()),
        mode=told.get("mode") or "append",
        evolve=told.get("schema") == "evolve",
        bad_rows=_bad_rows(told.get("bad_rows")),
        expect=tuple(_expectation(one) for one in told.get("expect") or ()),
    )
    _check_together(found)
    return found


def need(holds: bool, what: str) -> None:
    """Raise when something of a document does not hold."""
    if not holds:
        raise DocumentWrong(f"the loader's document is wrong: {what}")


def _place(told: dict[str, Any]) -> Place:
    need(bool(BUCKET.fullmatch(told["bucket"])), f"{told['bucket']!r} names no bucket")
    return Place(told["bucket"], told.get("prefix") or "")


def _target(told: dict[str, Any]) -> Target:
    given = {name: value for name, value in told.items() if value is not None}
    target = Target(**given | {"port": int(given.get("port", 0))})  # what AWS told is text
    need(target.engine in ENGINES, f"engine {target.engine!r}")
    need(bool(NAME.fullmatch(target.schema) and NAME.fullmatch(target.table)), "names of schema and table")
    need(not target.table.lower().startswith("scrapectl_"), "the table is the loader's own")
    if target.engine == "redshift":
        need(bool(target.workgroup) != bool(target.cluster), "one of workgroup and cluster")
        need(bool(COPY_ROLE.fullmatch(target.copy_role)), f"{target.copy_role!r} names no role")
    else:
        need(bool(target.host) and 0 < target.port < 1 << 16, "host and port")
    return target


def _format(told: dict[str, Any], *, queue: bool) -> Format:
    form = Format(**told) if told else Format("json" if queue else "csv")
    need(form.type in {"csv", "json", "parquet"}, f"format {form.type!r}")
    need(len(form.delimiter) == 1 and form.delimiter.isascii() and form.delimiter not in '"\r\n\\', "delimiter")
    need(not queue or form.type == "json", "messages are JSON")
    return form


def _column(told: dict[str, Any]) -> Column:
    name = told["name"]
    need(bool(NAME.fullmatch(name)) and not name.startswith("scrapectl_"), f"{name!r} cannot name a column")
    return Column(name, Type.parse(told["type"]), bool(told.get("required")))


def _bad_rows(told: dict[str, Any] | None) -> BadRows | None:
    return BadRows(_place(told), int(told.get("max") or 0)) if told else None


def _expectation(told: dict[str, Any]) -> Expectation:
    return Expectation(
        job=told.get("job") or "",
        prefix=told.get("prefix") or "",
        min_items=told.get("min_items"),
        fields=dict(told.get("fields") or {}),
        key=tuple(told.get("key") or ()),
        max_age=told.get("max_age"),
        change=told.get("change"),
        topic=told.get("topic"),
        bucket=told.get("bucket") or "",
    )


def _check_together(found: Document) -> None:
    need(found.mode in {"append", "merge", "replace"}, f"mode {found.mode!r}")
    if found.target is None:
        need(found.source is not None and bool(found.expect), "it has neither a target nor something to check")
        return
    need((found.source is None) != (found.queue is None), "one of bucket and queue is its source")
    folded = [name.lower() for name in found.names]
    need(bool(folded) and len(set(folded)) == len(folded), "columns, each named once")
    need(set(found.key) <= set(found.names), "a key that is no column")
    need(bool(found.key) or found.mode != "merge", "merge needs a key")
    need(not found.queue or found.mode != "replace", "a queue cannot replace a table")
    need(found.target.engine != "redshift" or folded == list(found.names), "Redshift's columns are in lower case")
