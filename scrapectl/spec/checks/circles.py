"""Finds attributes that refer to each other in a circle: an attribute orders the apply, and a circle has none."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from scrapectl.spec.checks.texts import attributes_in, texts_of
from scrapectl.spec.checks.workflows import all_steps, texts_of_workflow
from scrapectl.spec.model import CallStep, RunStep
from scrapectl.spec.references import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Database, Function, Host, Job, Spec, Text, Warehouse

Edges: TypeAlias = "dict[str, dict[str, str]]"

# A job's queue and share are not of the job itself: a job may know its own.
_OF_THE_JOB = ("name", "arn")
_SHOWN = 8


def check_circles(spec: Spec, findings: Findings) -> None:
    """Tell each circle once, at the first thing of it in the file."""
    edges = {**_runners(spec), **_workflows(spec), **_databases(spec)}
    told: set[str] = set()
    for start in edges:
        circle = _circle_from(start, edges) if start not in told else None
        if circle:
            told.update(circle)
            way = " → ".join(_shortened([*circle, start]))
            path = f"{start}.{edges[start][circle[1] if len(circle) > 1 else start]}"
            findings.add(path, f"refers to itself in a circle: {way}.", "Remove one of the references.")


def _shortened(way: list[str]) -> list[str]:
    return way if len(way) <= _SHOWN else [*way[: _SHOWN - 2], "…", way[-1]]


def _runners(spec: Spec) -> Edges:
    """For each job, function and host what it names of its like, databases and warehouses, and at which path."""
    runners: list[Job | Function | Host] = [*spec.jobs.values(), *spec.functions.values(), *spec.hosts.values()]
    return {runner.origin: _named(texts_of(runner)) for runner in runners}


def _workflows(spec: Spec) -> Edges:
    """The like for workflows, which also need what their steps run."""
    found = {}
    for workflow in spec.workflows.values():
        start = len(workflow.origin) + 1
        found[workflow.origin] = _named(texts_of_workflow(workflow))
        for step in all_steps(workflow.steps):
            if isinstance(step, RunStep):
                found[workflow.origin].setdefault(f"jobs.{step.job}", step.origin[start:])
            elif isinstance(step, CallStep):
                found[workflow.origin].setdefault(f"functions.{step.function}", step.origin[start:])
    return found


def _databases(spec: Spec) -> Edges:
    """The like for databases and warehouses: that of one that is not ours may name what it is read from."""
    found: list[Database | Warehouse] = [*spec.databases.values(), *spec.warehouses.values()]
    return {
        database.origin: _named([("secret", database.secret)] if database.secret is not None else [])
        for database in found
    }


def _named(texts: Iterable[tuple[str, Text]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path, text in texts:
        for attribute in attributes_in(text):
            whole = attribute.section in ("database", "warehouse", "function", "workflow", "host")
            if whole or (attribute.section == "job" and attribute.attribute in _OF_THE_JOB):
                found.setdefault(f"{SECTIONS[attribute.section]}.{attribute.name}", path)
    return found


def _circle_from(start: str, edges: Edges) -> list[str] | None:
    """Find the shortest way from a thing back to itself."""
    ways: list[list[str]] = [[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        for name in edges.get(way[-1], {}):
            if name == start:
                return way
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return None
