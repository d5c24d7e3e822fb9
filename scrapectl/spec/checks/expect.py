"""Finds expectations that say nothing, or name fields that no loader of these items knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.spec.expected import readers_of
from scrapectl.spec.findings import show

if TYPE_CHECKING:
    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Expectation, Loader, Spec


def check_expectations(spec: Spec, findings: Findings) -> None:
    """Check what is expected of each job's items."""
    for job in spec.jobs.values():
        if job.expect is None:
            continue
        expected = job.expect
        said = (expected.min_items, expected.fields, expected.key_fields, expected.max_age, expected.change)
        if not any(said) and findings.is_sound(expected.origin):
            findings.add(expected.origin, "nothing is expected.", "Write min_items: 1, for example.")
        for loader in readers_of(spec, expected.place):
            _check_fields(expected, loader, findings)


def _check_fields(expected: Expectation, loader: Loader, findings: Findings) -> None:
    """A file without names has those of the loader's columns; JSON and parquet have names of their own."""
    if loader.format.type != "csv" or loader.format.header:
        return
    named = [*((name, f"fields.{name}") for name in expected.fields)]
    named += [(name, f"key.{number}") for number, name in enumerate(expected.key_fields)]
    for name, path in named:
        if name not in loader.columns:
            hint = findings.suggest(name, loader.columns, f"Add it to the columns of {loader.origin}.")
            findings.add(f"{expected.origin}.{path}", f"{loader.origin} has no column {show(name)}.", hint)
