"""Turns what is known of the embedded cloud into JSON, and into lines that hold no keys."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Protocol

from scrapectl.units import counted

_WAYS = {
    "docker": "Jobs run in containers, by docker.",
    "podman": "Jobs run in containers, by podman.",
    "none": "Jobs run as processes of this machine, without a container engine.",
}


class Endpoint(Protocol):
    """Where it answers, and with which keys."""

    @property
    def url(self) -> str: ...  # noqa: D102
    @property
    def access_key(self) -> str: ...  # noqa: D102
    @property
    def secret_key(self) -> str: ...  # noqa: D102
    @property
    def region(self) -> str: ...  # noqa: D102


class Status(Protocol):
    """What `scrapectl.local.client.Status` says; uptime in seconds, memory in MiB."""

    @property
    def running(self) -> bool: ...  # noqa: D102
    @property
    def endpoint(self) -> Endpoint | None: ...  # noqa: D102
    @property
    def current(self) -> bool: ...  # noqa: D102
    @property
    def resources(self) -> Mapping[str, int]: ...  # noqa: D102
    @property
    def uptime(self) -> float: ...  # noqa: D102
    @property
    def memory(self) -> int: ...  # noqa: D102
    @property
    def engine(self) -> str: ...  # noqa: D102
    @property
    def notes(self) -> tuple[str, ...]: ...  # noqa: D102


def status_document(status: Status) -> dict[str, Any]:
    """The form of `local status`; `resources` counts what stands, by what it is."""
    endpoint = status.endpoint
    return {
        "running": status.running,
        "endpoint_url": endpoint.url if endpoint else None,
        "access_key": endpoint.access_key if endpoint else None,
        "secret_key": endpoint.secret_key if endpoint else None,
        "region": endpoint.region if endpoint else None,
        "resources": dict(status.resources),
        "started": _started(status.uptime) if status.running else None,
        "current": status.current,
        "memory": status.memory,
        "engine": status.engine or None,
        "notes": list(status.notes),
    }


def status_lines(status: Status) -> list[str]:
    """For people: address, age, and what stands."""
    if not status.running or status.endpoint is None:
        return ["The embedded cloud does not run. It starts when a command with --local first needs it."]
    lines = [
        (
            f"The embedded cloud answers at {status.endpoint.url} (region {status.endpoint.region}), "
            f"since {_started(status.uptime)}, in {status.memory} MiB."
        ),
        "What stands in it is in memory only, and goes when it stops.",
        *([_WAYS.get(status.engine, f"Jobs do not run: {status.engine}.")] if status.engine else []),
        *status.notes,
    ]
    if not status.current:
        lines.append("It is of another version of scrapectl: scrapectl local reset starts the one of now.")
    return [*lines, *(f"  {counted(count, _one(name), name)}" for name, count in sorted(status.resources.items()))]


def _one(things: str) -> str:
    """One of several: `scheduling policy`, `bucket`."""
    return f"{things.removesuffix('ies')}y" if things.endswith("ies") else things.removesuffix("s")


def _started(uptime: float) -> str:
    """When it started, in UTC, by this machine's clock."""
    started = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=uptime)
    return started.isoformat(timespec="seconds").replace("+00:00", "Z")
