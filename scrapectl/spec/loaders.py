"""Loaders as frozen dataclasses, and what is expected of the items that a job leaves: what comes into which table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from scrapectl.spec.sections import Entry, Written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapectl.spec.jobs import BucketPlace, Job, Schedule
    from scrapectl.spec.started import Function

LoadMode: TypeAlias = Literal["append", "merge", "replace"]
TableSchema: TypeAlias = Literal["fixed", "evolve"]
RunsOn: TypeAlias = Literal["job", "function"]
FormatType: TypeAlias = Literal["csv", "json", "parquet"]
TargetSection: TypeAlias = Literal["databases", "warehouses"]
TargetEngine: TypeAlias = Literal["postgres", "mysql", "redshift"]

IMAGE = "scrapectl-loader"
"""The key of the image that loaders run as jobs: an entry of `images` that nobody writes."""


@dataclass(frozen=True, slots=True)
class MessageSource:
    """Messages of a queue: up to `batch` of them are one load, gathered for `window` seconds."""

    queue: str
    batch: int = 1000
    window: int = 60


@dataclass(frozen=True, slots=True)
class Column:
    """A column's type, as it is written without "not null", and whether every row has a value."""

    type: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """A table: the section and the key of its database or warehouse, the table's schema and name."""

    section: TargetSection
    key: str
    engine: TargetEngine
    schema: str
    table: str


@dataclass(frozen=True, slots=True)
class Format:
    """How objects are written; `gzip` None: those whose key ends in .gz are compressed."""

    type: FormatType = "csv"
    delimiter: str = ","
    header: bool = False
    gzip: bool | None = None


@dataclass(frozen=True, slots=True)
class BadRows:
    """Where rows that do not fit are put, and how many of them a load may have and still load the others."""

    to: BucketPlace
    max: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Loader(Entry):
    """What is loaded into a table, exactly once.

    Attributes:
        source: The spec's `from`.
        columns: Name to type, in the order of a file without a header.
        key: Columns that tell one row from another.
        retain: Seconds (whole days) that staged files are kept.
        run_on: What it runs as; never None.
        timeout: Seconds.
        memory: MiB.
        runner: The job or function that it is run as; it stands among the spec's jobs or functions, too.
    """

    source: BucketPlace | MessageSource
    into: Target
    format: Format = field(default_factory=Format)
    columns: Mapping[str, Column]
    key_columns: tuple[str, ...] = ()
    mode: LoadMode = "append"
    schema: TableSchema = "fixed"
    bad_rows: BadRows | None = None
    retain: int = 86400
    run_on: RunsOn
    queue: str | None = None
    share: str | None = None
    timeout: int
    memory: int
    on_failure: str | None = None
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    runner: Job | Function


@dataclass(frozen=True, kw_only=True, slots=True)
class Expectation(Written):
    """What the items that a job leaves must be like; what is None or empty is not looked at.

    Attributes:
        place: The spec's `in`.
        fields: Field to the share of items in which it must be filled.
        key_fields: Fields that no two items may have alike.
        max_age: Seconds that the newest object may be old.
        change: The share by which the number of items may differ from the median of the last runs.
    """

    place: BucketPlace
    min_items: int | None = None
    fields: Mapping[str, float] = field(default_factory=dict)
    key_fields: tuple[str, ...] = ()
    max_age: int | None = None
    change: float | None = None
