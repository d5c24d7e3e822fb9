"""Writes what of a loader's document the spec alone decides; containers/loader reads it (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapectl.spec.expected import readers_of
from scrapectl.spec.model import BucketPlace

if TYPE_CHECKING:
    from scrapectl.spec.model import Expectation, Loader, Spec

VERSION = 1
FILE = "load.json"
"""Where a function has it, beside the package; VARIABLE adds to it there, and has the whole of a job's."""
VARIABLE = "SCRAPECTL_LOAD"


def load_document(spec: Spec, loader: Loader) -> dict[str, Any]:
    """Write what a load is, but for what AWS has to say: names, addresses, ARNs."""
    return {
        "version": VERSION,
        "pipeline": spec.owner,
        "loader": loader.key,
        "format": _format(loader),
        "columns": [
            {"name": name, "type": column.type, "required": column.required} for name, column in loader.columns.items()
        ],
        "key": list(loader.key_columns),
        "mode": loader.mode,
        "schema": loader.schema,
        "retain": loader.retain,
        "expect": list(_expected(spec, loader)),
    }


def expectation(job: str, expected: Expectation) -> dict[str, Any]:
    """Write one expectation; what is not looked at is left out."""
    told: dict[str, Any] = {"job": job, "prefix": expected.place.prefix}
    asked = {
        "min_items": expected.min_items,
        "fields": dict(expected.fields),
        "key": list(expected.key_fields),
        "max_age": expected.max_age,
        "change": expected.change,
    }
    return told | {name: value for name, value in asked.items() if value}


def _format(loader: Loader) -> dict[str, Any]:
    written = {"type": loader.format.type, "gzip": loader.format.gzip}
    if loader.format.type != "csv":
        return written
    return written | {"delimiter": loader.format.delimiter, "header": loader.format.header}


def _expected(spec: Spec, loader: Loader) -> list[dict[str, Any]]:
    """What is expected of the jobs whose items this loader reads."""
    if not isinstance(loader.source, BucketPlace):
        return []
    expecting = [(job.key, job.expect) for job in spec.jobs.values() if job.expect]
    return [expectation(key, told) for key, told in expecting if loader in readers_of(spec, told.place)]
