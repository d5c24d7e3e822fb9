"""(Spec, Facts) → the resources that the spec wants; one file for each section (pure)."""

from __future__ import annotations

from collections.abc import Iterator

from scrapectl.blueprint import (
    alerts,
    buckets,
    compute,
    databases,
    desktops,
    expect,
    filesystems,
    functions,
    hosts,
    images,
    instances,
    jobs,
    loaders,
    machines,
    message_queues,
    network,
    pipeline,
    roles,
    schedules,
    secrets,
    topics,
    transfers,
    triggers,
    warehouses,
)
from scrapectl.blueprint.scope import Scope
from scrapectl.engine.resource import Desired
from scrapectl.facts import Facts
from scrapectl.spec.model import Spec

_SECTIONS = (
    network,
    pipeline,
    roles,
    secrets,
    buckets,
    topics,
    message_queues,
    databases,
    warehouses,
    filesystems,
    transfers,
    images,
    instances,
    compute,
    jobs,
    functions,
    hosts,
    loaders,
    expect,
    machines,
    triggers,
    desktops,
    schedules,
    alerts,
)


def blueprint(spec: Spec, facts: Facts) -> list[Desired]:
    """Everything that shall stand, in no particular order."""
    scope = Scope(spec, facts)
    return [desired for section in _SECTIONS for desired in _of(section, scope)]


def outputs(spec: Spec, facts: Facts) -> dict[str, object]:
    """The spec's outputs, as text that may hold references to what stands after apply."""
    scope = Scope(spec, facts)
    return {name: scope.text(text) for name, text in spec.outputs.items()}


def _of(section: object, scope: Scope) -> Iterator[Desired]:
    desired: Iterator[Desired] = section.desired(scope)  # type: ignore[attr-defined]  # each section module has it
    return desired
