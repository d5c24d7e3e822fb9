"""Finds loaders that could not load: types an engine lacks, keys that are no columns, places that feed themselves."""

from __future__ import annotations

import json
import re
from itertools import permutations
from typing import TYPE_CHECKING, Any

from scrapectl.spec.checks.triggers import meet_in
from scrapectl.spec.column_types import NAMES, is_fit_for_a_key, is_type, longest
from scrapectl.spec.findings import show
from scrapectl.spec.loaders import IMAGE
from scrapectl.spec.model import MessageSource, UploadEvent

if TYPE_CHECKING:
    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Loader, Spec

_MOST_COLUMNS = 1600
# Batch's request holds 24 KiB ("Job definition parameters"); the columns are by far the most of what a load is told.
_MOST_BYTES = 18 * 1024
_LONGEST_CALL = 900
_LARGEST_FUNCTION = 10240
# A bare number is the length of an interval, not of a name.
_LENGTH = re.compile(r"\s*\([^)]*\)?")
_OURS = "scrapectl_"
_OF_JOBS = ("queue", "share")


def check_loader_keys(values: dict[str, Any], findings: Findings) -> None:
    """Check, while it is known what is written, that nobody takes the loader's own image for theirs."""
    if IMAGE in values.get("images", {}) and values.get("loaders"):
        findings.add(f"images.{IMAGE}", "is the image of the loaders, which is made by itself.", "Rename it.")


def check_loaders(spec: Spec, findings: Findings) -> None:
    """Check every loader, those that share a table, and what starts them."""
    for loader in spec.loaders.values():
        _check_columns(loader, findings)
        _check_key(loader, findings)
        _check_source(loader, findings)
        _check_run(loader, findings)
        _check_target(spec, loader, findings)
    _check_same_table(spec, findings)
    _check_triggers(spec, findings)


def _check_columns(loader: Loader, findings: Findings) -> None:
    path, engine = f"{loader.origin}.columns", loader.into.engine
    folded: dict[str, str] = {}
    for name, column in loader.columns.items():
        _check_type(column.type, engine, f"{path}.{name}", findings)
        if engine == "redshift" and name != name.lower():
            # "Names and identifiers", Amazon Redshift Database Developer Guide: folded unless a session says otherwise.
            findings.add(f"{path}.{name}", "Redshift folds names to lower case.", f"Write {name.lower()}.")
        if name.lower().startswith(_OURS):
            findings.add(f"{path}.{name}", f"names that begin with {_OURS} are the loader's own.", "Rename it.")
        first = folded.setdefault(name.lower(), name)
        if first != name:
            findings.add(f"{path}.{name}", f"{show(first)} and {show(name)} are one name to a database.", "Rename one.")
    if len(loader.columns) > _MOST_COLUMNS:
        findings.add(path, f"a table has at most {_MOST_COLUMNS} columns.", "Load fewer.")
    size = sum(len(json.dumps([name, column.type, True])) + 30 for name, column in loader.columns.items())
    if loader.run_on == "job" and size > _MOST_BYTES:
        message = f"come to about {size // 1024} KiB, and a job is told at most {_MOST_BYTES // 1024} KiB of them."
        findings.add(path, message, "Write run_on: function, or load fewer.")


def _check_type(text: str, engine: str, path: str, findings: Findings) -> None:
    bare = _LENGTH.sub("", text)
    if not is_type(text):
        hint = findings.suggest(bare, NAMES, "Write a type such as varchar(50), integer or timestamp.")
        known = _closed(text, path.rpartition(".")[2]) or f"Write {bare}."
        findings.add(path, f"{show(text)} is no type.", known if bare in NAMES else hint)
    elif most := longest(engine, text):
        findings.add(path, f"{_NAMES[engine]} has no {text}.", f"Write {bare}(1) to {bare}({most}).")


def _closed(text: str, column: str) -> str:
    """Advise on a type that is not closed: in {…} a comma parts entries, so that 2) of numeric(10,2) is another."""
    if is_type(f"{text},2)"):
        return f'Quote it, for its comma: {column}: "{text},2)".'
    return f"Write {text})." if is_type(f"{text})") else ""


_NAMES = {"postgres": "PostgreSQL", "mysql": "MySQL", "redshift": "Redshift"}


def _check_key(loader: Loader, findings: Findings) -> None:
    for number, name in enumerate(loader.key_columns):
        if name not in loader.columns:
            hint = findings.suggest(name, loader.columns, "Add it to columns.")
            findings.add(f"{loader.origin}.key.{number}", f"there is no column {show(name)}.", hint)
        elif not is_fit_for_a_key(loader.into.engine, loader.columns[name].type):
            message = f"{_NAMES[loader.into.engine]} compares no {loader.columns[name].type}."
            findings.add(f"{loader.origin}.columns.{name}", message, "Write varchar(100), for example.")
    if loader.mode == "merge" and not loader.key_columns and findings.is_sound(f"{loader.origin}.key"):
        message = "merge needs columns by which it knows a row again."
        findings.add(f"{loader.origin}.mode", message, f"Write key: [{next(iter(loader.columns))}], for example.")


def _check_source(loader: Loader, findings: Findings) -> None:
    source = loader.source
    if isinstance(source, MessageSource):
        _check_messages(loader, source, findings)
        return
    bad = loader.bad_rows.to if loader.bad_rows else None
    if bad and bad.bucket == source.bucket and bad.prefix.startswith(source.prefix):
        message = f"lies inside {source}, which is loaded: the loader would load its own bad rows."
        findings.add(f"{loader.origin}.bad_rows.to", message, f"Write a place beside it, such as {bad.bucket}/bad/.")


def _check_messages(loader: Loader, source: MessageSource, findings: Findings) -> None:
    if loader.mode == "replace":
        message = "messages come one after another, and each would replace the whole table."
        findings.add(f"{loader.origin}.mode", message, "Write mode: append, or mode: merge with a key.")
    if loader.run_on == "job":
        findings.add(f"{loader.origin}.run_on", "messages start functions alone.", "Write run_on: function.")
    if loader.format.type != "json":
        findings.add(f"{loader.origin}.format", "each message is one JSON object, or an array.", "Remove it.")
    if loader.schedules:
        findings.add(f"{loader.origin}.schedules", "messages start it, when they come.", "Remove them.")
    if source.batch > 10 and source.window == 0:  # noqa: PLR2004 - Lambda, "Creating an Amazon SQS event source mapping"
        message = "more than 10 messages at once have to be collected."
        findings.add(f"{loader.origin}.from.batch", message, "Write window: 1s or more.")


def _check_run(loader: Loader, findings: Findings) -> None:
    if loader.run_on == "job":
        if loader.memory % 1024 and loader.memory != 512:  # noqa: PLR2004 - Fargate's smallest
            message = f"Fargate has no {loader.memory} MiB."
            findings.add(f"{loader.origin}.memory", message, "Write 512, or whole GB: 1024, 2048, 3072 and so on.")
        return
    for key in _OF_JOBS:
        if key in loader.places:
            findings.add(f"{loader.origin}.{key}", f"{key} is for jobs, and it runs as a function.", "Remove it.")
    if loader.timeout > _LONGEST_CALL:
        findings.add(f"{loader.origin}.timeout", "a function runs for 15m at most.", "Write less, or run_on: job.")
    if loader.memory > _LARGEST_FUNCTION:
        message = f"a function has at most {_LARGEST_FUNCTION} MiB."
        findings.add(f"{loader.origin}.memory", message, "Write less, or run_on: job.")
    if loader.format.type == "parquet" and loader.into.section == "databases":
        message = "what reads parquet for a database is too large for a function's zip."
        findings.add(f"{loader.origin}.format", message, "Write run_on: job.")


def _check_target(spec: Spec, loader: Loader, findings: Findings) -> None:
    if loader.into.table.lower().startswith(_OURS):
        message = f"tables that begin with {_OURS} are the loader's own."
        findings.add(f"{loader.origin}.into.table", message, "Load into another.")
    if loader.into.section != "warehouses":
        return
    warehouse = spec.warehouses.get(loader.into.key)
    if warehouse and warehouse.existing is not None and warehouse.role is None:
        message = f"loading into {show(warehouse.key)}, which is not ours, takes a role that it has already."
        findings.add(f"{loader.origin}.into.warehouse", message, f"Write role: its ARN under {warehouse.origin}.")


def _check_same_table(spec: Spec, findings: Findings) -> None:
    """Two loaders may fill one table, unless one of them replaces it."""
    for one, other in permutations(spec.loaders.values(), 2):
        if one.into == other.into and one.mode == "replace":
            message = f"would throw away what {other.origin} (line {other.where.line}) loads into the same table."
            findings.add(f"{one.origin}.mode", message, "Load into another table, or write mode: merge in both.")


def _check_triggers(spec: Spec, findings: Findings) -> None:
    """An upload can start a loader only where the loader looks; messages come to it by themselves."""
    for trigger in spec.triggers.values():
        loader = spec.loaders.get(trigger.starts)
        if loader is None or trigger.origin == loader.origin or trigger.section == "message_queues":
            continue
        if isinstance(loader.source, MessageSource) or not isinstance(trigger.on, UploadEvent):
            message = "messages come to a loader by its own from."
            hint = f"Write from: {{message_queue: …}} in {loader.origin}, and remove the trigger."
            findings.add(f"{trigger.origin}.start", message, hint)
        elif not meet_in(trigger.on.place, loader.source):
            message = f"{loader.origin} loads from {loader.source}, where no such upload lies."
            findings.add(f"{trigger.origin}.on.upload", message, f"Write {loader.source}, or a place in it.")
