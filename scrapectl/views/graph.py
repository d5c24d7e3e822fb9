"""Turns a spec into a picture of it: things as nodes, who starts, reads, writes and reaches whom as arrows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from scrapectl.spec.model import (
    BucketPlace,
    CallStep,
    CopyStep,
    Host,
    HostSchedule,
    ParallelStep,
    RunStep,
    Step,
    UploadEvent,
)
from scrapectl.units import format_duration

if TYPE_CHECKING:
    from scrapectl.spec.model import Access, FilePlace, Function, Job, Loader, Schedule, Spec, Trigger, Workflow

    Runner: TypeAlias = Job | Function | Workflow | Host


@dataclass(frozen=True)
class Node:
    """A thing of the spec: `origin` is its path ("jobs.collect"), `label` what is written on it."""

    origin: str
    label: str

    @property
    def section(self) -> str:
        """Which section it stands in; "schedules" for a schedule."""
        parts = self.origin.split(".")
        return "schedules" if "schedules" in parts else parts[0]


@dataclass(frozen=True)
class Edge:
    """An arrow from one origin to another; `label` says what happens, "" when that is plain."""

    source: str
    target: str
    label: str = ""


@dataclass
class Graph:
    """All of a pipeline, in the order of its spec."""

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: dict[Edge, None] = field(default_factory=dict)

    def join(self, source: str, target: str, label: str = "") -> None:
        """Add an arrow between two things; one to something that is not drawn is left out."""
        if source in self.nodes and target in self.nodes:
            self.edges[Edge(source, target, label)] = None


_SECTIONS = (
    *("triggers", "jobs", "functions", "hosts", "loaders", "workflows"),
    *("buckets", "filesystems", "message_queues", "databases", "warehouses", "topics", "desktops"),
)


def graph(spec: Spec) -> Graph:
    """Draw a pipeline."""
    found = Graph()
    _nodes(found, spec)
    for runner in _runners(spec):
        _runner(found, spec, runner)
    mounting: tuple[Job | Function, ...] = (*spec.jobs.values(), *spec.functions.values())
    for each in mounting:
        for path, place in each.mounts.items():
            found.join(each.origin, _place(place), path)
    for workflow in spec.workflows.values():
        _steps(found, spec, workflow)
    for trigger in spec.triggers.values():
        _trigger(found, spec, trigger)
    for loader in spec.loaders.values():
        _loader(found, loader)
    for topic in spec.topics.values():
        for queue in topic.queues:
            found.join(topic.origin, f"message_queues.{queue}")
    for desktop in spec.desktops.values():
        _access(found, spec, desktop.origin, desktop.access)
    return found


def _runners(spec: Spec) -> tuple[Runner, ...]:
    return (*spec.jobs.values(), *spec.functions.values(), *spec.workflows.values(), *spec.hosts.values())


def _nodes(found: Graph, spec: Spec) -> None:
    """Everything that is drawn: schedules first, for a flowchart begins with them."""
    for runner in _runners(spec):
        for schedule in runner.schedules.values():
            found.nodes[schedule.origin] = Node(schedule.origin, f"{schedule.key}: {_when(schedule)}")
    for section in _SECTIONS:
        for key, entry in getattr(spec, section).items():
            if entry.origin == f"{section}.{key}":  # what a loader is run as is drawn as the loader
                found.nodes[entry.origin] = Node(entry.origin, key)


def _runner(found: Graph, spec: Spec, runner: Runner) -> None:
    for schedule in runner.schedules.values():
        found.join(schedule.origin, runner.origin)
    if runner.key not in spec.loaders:
        _access(found, spec, runner.origin, runner.access)
    for place in runner.upload.values() if isinstance(runner, Host) else ():
        found.join(runner.origin, f"buckets.{place.bucket}", _words("upload", place.prefix))
    told = runner.on_failure or (spec.alerts.to if spec.alerts.failed_runs else None)
    if told:
        found.join(runner.origin, f"topics.{told}", "on failure")


def _when(schedule: Schedule | HostSchedule) -> str:
    """The words of a schedule, as they were written."""
    if isinstance(schedule, HostSchedule):
        return schedule.cron
    if schedule.rate is not None:
        return f"every {format_duration(schedule.rate)}"
    return schedule.cron or schedule.at or ""


def _access(found: Graph, spec: Spec, origin: str, access: Access) -> None:
    for place in access.read:
        found.join(f"buckets.{place.bucket}", origin, _words("read", place.prefix))
    for place in access.write:
        found.join(origin, f"buckets.{place.bucket}", _words("write", place.prefix))
    for name in access.send:
        found.join(origin, f"topics.{name}" if name in spec.topics else f"message_queues.{name}", "send")
    for name in access.receive:
        found.join(f"message_queues.{name}", origin, "receive")
    for name in access.connect:
        found.join(origin, f"{'warehouses' if name in access.asked else 'databases'}.{name}", "connect")
    for section, label, names in (
        ("jobs", "submit", access.submit),
        ("workflows", "start", access.start),
        ("functions", "call", access.call),
    ):
        for name in names:
            found.join(origin, f"{section}.{name}", label)


def _words(verb: str, place: str) -> str:
    return f"{verb} {place}" if place else verb


def _loader(found: Graph, loader: Loader) -> None:
    """What it reads, the table it loads, where it puts rows that do not fit."""
    if isinstance(loader.source, BucketPlace):
        found.join(f"buckets.{loader.source.bucket}", loader.origin, _words("read", loader.source.prefix))
    found.join(loader.origin, f"{loader.into.section}.{loader.into.key}", f"{loader.mode} {loader.into.table}")
    if loader.bad_rows:
        to = loader.bad_rows.to
        found.join(loader.origin, f"buckets.{to.bucket}", _words("bad rows", to.prefix))


def _steps(found: Graph, spec: Spec, workflow: Workflow) -> None:
    """What a workflow runs and copies; a number says when."""
    origin = workflow.origin
    for number, step in _numbered(workflow.steps):
        if isinstance(step, RunStep):
            found.join(origin, spec.jobs[step.job].origin, f"{number} {_verb(spec, step.job, 'run')}")
        elif isinstance(step, CallStep):
            found.join(origin, spec.functions[step.function].origin, f"{number} {_verb(spec, step.function, 'call')}")
        elif isinstance(step, CopyStep):
            found.join(_place(step.source), origin, f"{number} copy from {step.source}")
            found.join(origin, _place(step.target), f"{number} copy to {step.target}")


def _verb(spec: Spec, key: str, otherwise: str) -> str:
    return "load" if key in spec.loaders else otherwise


def _numbered(steps: Iterable[Step], before: str = "") -> Iterator[tuple[str, Step]]:
    """Steps with their places: 1, 2, and 2.1.1 in the first branch of the second."""
    for number, step in enumerate(steps, 1):
        if not isinstance(step, ParallelStep):
            yield f"{before}{number}", step
            continue
        for branch, inner in enumerate(step.branches, 1):
            yield from _numbered(inner, f"{before}{number}.{branch}.")


def _place(place: BucketPlace | FilePlace) -> str:
    if isinstance(place, BucketPlace):
        return f"buckets.{place.bucket}"
    return f"filesystems.{place.filesystem}"


def _trigger(found: Graph, spec: Spec, trigger: Trigger) -> None:
    if isinstance(trigger.on, UploadEvent):
        where = f"{trigger.on.place.prefix}*{trigger.on.suffix}" if trigger.on.place.prefix or trigger.on.suffix else ""
        found.join(f"buckets.{trigger.on.place.bucket}", trigger.origin, _words("upload", where))
    else:
        found.join(f"message_queues.{trigger.on.queue}", trigger.origin, "messages")
    started = getattr(spec, trigger.section)[trigger.starts].origin
    if started != trigger.origin:
        found.join(trigger.origin, started, "start")
