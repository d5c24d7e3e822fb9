"""Finds jobs whose attributes refer to each other in a circle: an attribute orders the apply, and a circle has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.spec.checks.jobs import attributes_in, texts_of

if TYPE_CHECKING:
    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Spec

# A job's queue and share are not of the job itself: a job may know its own.
_OF_THE_JOB = ("name", "arn")
_SHOWN = 8


def check_circles(spec: Spec, findings: Findings) -> None:
    """Tell each circle once, at the first job of it in the file."""
    edges = _edges(spec)
    told: set[str] = set()
    for start in edges:
        circle = _circle_from(start, edges) if start not in told else None
        if circle:
            told.update(circle)
            way = " → ".join(_shortened([*(f"jobs.{name}" for name in circle), f"jobs.{start}"]))
            path = f"jobs.{start}.{edges[start][circle[1] if len(circle) > 1 else start]}"
            findings.add(path, f"refers to itself in a circle: {way}.", "Remove one of the references.")


def _shortened(way: list[str]) -> list[str]:
    return way if len(way) <= _SHOWN else [*way[: _SHOWN - 2], "…", way[-1]]


def _edges(spec: Spec) -> dict[str, dict[str, str]]:
    """For each job the jobs it names, and at which path it does."""
    edges: dict[str, dict[str, str]] = {}
    for key, job in spec.jobs.items():
        found: dict[str, str] = {}
        for path, text in texts_of(job):
            for attribute in attributes_in(text):
                if attribute.section == "job" and attribute.attribute in _OF_THE_JOB:
                    found.setdefault(attribute.name, path)
        edges[key] = found
    return edges


def _circle_from(start: str, edges: dict[str, dict[str, str]]) -> list[str] | None:
    """Find the shortest way from a job back to itself."""
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
