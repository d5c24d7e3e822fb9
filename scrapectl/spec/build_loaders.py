"""Turns the checked values of loaders into the dataclasses of the model, with the job or function each is run as."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from scrapectl.spec import model, words
from scrapectl.spec.build_parts import build_schedule, build_topic
from scrapectl.spec.defaults import Choice, choose_queue, choose_share
from scrapectl.spec.entries import inside
from scrapectl.spec.loader_runners import runner_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapectl.spec.entries import Entries, Values
    from scrapectl.spec.loaders import RunsOn

_REQUIRED = re.compile(r"\s+not\s+null\s*$", re.IGNORECASE)
_USUAL_SCHEMA = "public"
# Seconds and MiB that nobody wrote.
_TIMEOUTS = {"job": 3600, "function": 300}
_MEMORIES = {"job": 2048, "function": 1024}


def runs_on(loader: Values) -> RunsOn:
    """Say what a loader is run as: messages and the Data API take a function, a connection takes a job."""
    written: RunsOn | None = loader.get("run_on")
    functions = isinstance(loader.get("from"), dict) or "warehouse" in loader.get("into", {})
    return written or ("function" if functions else "job")


def jobs_among(entries: Entries) -> list[str]:
    """List the loaders that are run as jobs."""
    return [key for key, values in entries.values.get("loaders", {}).items() if runs_on(values) == "job"]


def build_loaders(entries: Entries, queues: Mapping[str, model.JobQueue]) -> dict[str, model.Loader]:
    """Build the loaders; one without a source, a table or columns (told) is left out."""
    made = {key: _loader(entries, key, queues) for key in entries.names("loaders")}
    return {key: loader for key, loader in made.items() if loader is not None}


def build_expectation(entries: Entries, job: Values) -> model.Expectation | None:
    """Build what is expected of a job's items; None without a place (told)."""
    values = job.get("expect", {})
    if "in" not in values:
        return None
    place = words.bucket_place(values["in"], entries.names("buckets"), entries.findings, f"{job['origin']}.expect.in")
    rest = {key: value for key, value in values.items() if key not in {"in", "key"}}
    rest["key_fields"] = tuple(values.get("key", ()))
    rest["fields"] = {field: float(share) for field, share in rest.get("fields", {}).items()}
    return model.Expectation(**inside(job, "expect"), place=place, **rest) if place else None


def _loader(entries: Entries, key: str, queues: Mapping[str, model.JobQueue]) -> model.Loader | None:
    values = entries.entry("loaders", key)
    run_on = runs_on(values)
    source, into = _source(entries, values), _target(entries, values)
    written = {name: values[name] for name in _AS_WRITTEN if name in values}
    written |= _waits(entries, values, queues) if run_on == "job" else {}
    if source is None or into is None or not values.get("columns"):
        return None
    key_columns = tuple(entries.values["loaders"][key].get("key", ()))
    fields: dict[str, Any] = {
        **written,
        "source": source,
        "into": into,
        "format": _format(values, source),
        "columns": {name: _column(text, required=name in key_columns) for name, text in values["columns"].items()},
        "key_columns": key_columns,
        "bad_rows": _bad_rows(entries, values),
        "run_on": run_on,
        "timeout": values.get("timeout", _TIMEOUTS[run_on]),
        "memory": values.get("memory", _MEMORIES[run_on]),
        "on_failure": build_topic(entries, values),
        "schedules": {name: build_schedule(name, values) for name in values.get("schedules", {})},
    }
    waits = queues.get(fields.get("queue") or "")
    return model.Loader(**fields, runner=runner_of(fields, on_ec2=waits is not None and waits.on_ec2))


_AS_WRITTEN = ("origin", "where", "places", "key", "name", "mode", "schema", "retain")


def _waits(entries: Entries, values: Values, queues: Mapping[str, model.JobQueue]) -> dict[str, Any]:
    """Choose the queue and the share of a loader that is run as a job."""
    choice = Choice(tuple(queues), entries.findings, values["origin"], values["where"])
    queue = choose_queue(values.get("queue"), choice)
    path = f"{values['origin']}.share"
    return {"queue": queue, "share": choose_share(values.get("share"), queues.get(queue), entries.findings, path)}


def _source(entries: Entries, values: Values) -> model.BucketPlace | model.MessageSource | None:
    written, path = values.get("from"), f"{values['origin']}.from"
    if isinstance(written, str):
        return words.bucket_place(written, entries.names("buckets"), entries.findings, path)
    if not written or "message_queue" not in written:
        return None
    choice = Choice(tuple(entries.names("message_queues")), entries.findings, path, values["where"])
    if not choice.has(written["message_queue"], "message queue", "message_queues", f"{path}.message_queue"):
        return None
    return model.MessageSource(
        written["message_queue"], **{key: written[key] for key in ("batch", "window") if key in written}
    )


def _target(entries: Entries, values: Values) -> model.Target | None:
    into, path = values.get("into", {}), f"{values['origin']}.into"
    named = [word for word in ("database", "warehouse") if word in into]
    if len(named) != 1 or "table" not in into:
        if entries.findings.is_sound(path):
            message = "one table takes it, not two." if named else "into what?"
            entries.findings.add(path, message, "Write database: or warehouse:, and table:.")
        return None
    word, section = named[0], f"{named[0]}s"
    choice = Choice(tuple(entries.names(section)), entries.findings, path, values["where"])
    if not choice.has(into[word], word, section, f"{path}.{word}"):
        return None
    entry = entries.values[section][into[word]]
    engine = "redshift" if word == "warehouse" else entry.get("engine")
    if engine is None:
        return None
    schema, _, table = into["table"].rpartition(".")
    usual = entry.get("database", into[word].replace("-", "_")) if engine == "mysql" else _USUAL_SCHEMA
    return model.Target(section, into[word], engine, schema or usual, table)  # type: ignore[arg-type]


def _format(values: Values, source: model.BucketPlace | model.MessageSource) -> model.Format:
    written = values.get("format", "csv" if isinstance(source, model.BucketPlace) else "json")
    if isinstance(written, str):
        return model.Format(written)  # type: ignore[arg-type]
    for kind, options in written.items():
        return model.Format(kind, **(options or {}))
    return model.Format()


def _column(text: str, *, required: bool) -> model.Column:
    """Read a column; those of the key have a value in every row, also when it is not said."""
    plain = _REQUIRED.sub("", text)
    return model.Column(" ".join(plain.lower().split()), required=required or plain != text)


def _bad_rows(entries: Entries, values: Values) -> model.BadRows | None:
    written = values.get("bad_rows", {})
    if "to" not in written:
        return None
    path = f"{values['origin']}.bad_rows.to"
    place = words.bucket_place(written["to"], entries.names("buckets"), entries.findings, path)
    return model.BadRows(place, written.get("max", 0)) if place else None
