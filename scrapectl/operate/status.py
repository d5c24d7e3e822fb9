"""(AWS, owner) → the whole status of an instance: resources, runs and schedules, read side by side."""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrapectl.aws.inventory import owned_keys
from scrapectl.engine.ownership import ADDRESS, owner_of
from scrapectl.engine.resource import Key, Live, Status
from scrapectl.kinds import KINDS
from scrapectl.operate.loads import Load, last_refused, recording
from scrapectl.operate.run import Run
from scrapectl.operate.runnable import Runnable
from scrapectl.operate.runnables import Runnables, find_runnables
from scrapectl.operate.schedules import standing_timings
from scrapectl.operate.timing import Timing

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws

SHOWN = 10  # ended runs of each kind that a status tells, besides all that go on


@dataclass(frozen=True)
class ResourceState:
    """A resource: READY, BUSY or BROKEN, and AWS's own reason when it is not READY."""

    address: str
    status: Status
    reason: str = ""


@dataclass(frozen=True)
class TriggerState:
    """What starts something by itself: an upload's rule, or the mapping of a message queue to a function."""

    name: str
    enabled: bool
    address: str


@dataclass(frozen=True)
class Standing:
    """What `status` tells of an instance, or of one of its jobs, functions or workflows."""

    resources: Sequence[ResourceState]
    runs: Sequence[Run]
    timings: Sequence[Timing]
    triggers: Sequence[TriggerState] = ()
    refused: Sequence[Load] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing of this owner stands."""
        return not (self.resources or self.runs or self.timings)


def read_status(aws: Aws, owner: str, name: str | None) -> Standing:
    """Read an instance's status; with a name that of one job, function or workflow alone.

    Raises:
        UsageError: There is nothing of this name.
    """
    runnables = find_runnables(aws, owner)
    if name is not None:
        runnables.of(name)
    things = runnables.things
    meant = things if name is None else {name: things[name]}
    tasks: list[Any] = [
        functools.partial(_lives, aws, owner, meant, every=name is None),
        functools.partial(_runs, runnables, name),
        functools.partial(standing_timings, aws, owner, things),
        functools.partial(_refused, aws, owner, meant),
    ]
    lives, runs, timings, refused = aws.gather(tasks)
    mine = [timing for timing in timings if timing.job in meant or name is None]
    return Standing(_resources(lives), runs, mine, _triggers(lives, owner), refused)


def _refused(aws: Aws, owner: str, things: Mapping[str, Runnable]) -> list[Load]:
    """The last load of each loader that went wrong, and the last check of a job that fell short."""
    who = recording(things)
    return last_refused(aws, owner, who, time.time()) if who else []


def _runs(runnables: Runnables, name: str | None) -> list[Run]:
    """What goes on, and the newest of each kind that has ended: a function's many calls hide no failed job."""
    found = runnables.recent(name, SHOWN)
    ended = [run for run in found if run.ended]
    shown = [run for kind in runnables.kinds for run in [run for run in ended if run.kind == kind][:SHOWN]]
    newest_first = sorted(shown, key=lambda run: (-run.created, run.id))
    return [run for run in found if not run.ended] + runnables.explain(newest_first)


def _lives(aws: Aws, owner: str, things: Mapping[str, Runnable], *, every: bool) -> list[Live]:
    """Every owned resource as a read of its kind shows it; else only these things themselves.

    They, and queues, are read by name: the sweep by tags is late to know what was just made.
    """
    keys: dict[str, list[Key]] = {}
    for thing in things.values():
        keys.setdefault(_KIND[thing.kind], []).append((thing.physical,))
    if every:
        queues = [getattr(thing, "queue", "") for thing in things.values()]
        keys["batch_job_queue"] = [(queue,) for queue in queues if queue]
        for kind, found in owned_keys(aws, KINDS, owner).items():
            keys.setdefault(kind, []).extend(found)
    unique = [(KINDS[kind], list(dict.fromkeys(found))) for kind, found in keys.items() if found and kind in KINDS]
    read = aws.gather([functools.partial(kind.read_many, aws, found) for kind, found in unique])
    return [live for found in read for live in found.values() if owner_of(live) == owner]


def _resources(lives: Sequence[Live]) -> list[ResourceState]:
    states = [ResourceState(live.tags.get(ADDRESS, ""), live.status, live.reason) for live in lives]
    return sorted((state for state in states if state.status is not Status.RECOVERABLE), key=lambda s: s.address)


def _triggers(lives: Sequence[Live], owner: str) -> list[TriggerState]:
    """Those that AWS can turn off; a bucket's own notification is a part of the bucket, and always on."""
    base = owner.replace(".", "-")
    found = []
    for live in lives:
        kind, _, name = live.tags.get(ADDRESS, "").partition(".")
        own = name.endswith(_CHECKS) or not name.startswith(f"{base}-")  # `shop_…` is the instance's own
        if kind in _SWITCHED and not own:
            state = getattr(live.resource, "state", "")
            told = name.removeprefix(f"{base}-").removesuffix(_OF_A_LOADER)
            found.append(TriggerState(told, state == "ENABLED", f"{kind}.{name}"))
    return sorted(found, key=lambda trigger: trigger.name)


_KIND = {
    "job": "batch_job_definition",
    "function": "lambda_function",
    "workflow": "sfn_state_machine",
    "host": "autoscaling_group",
}
_SWITCHED = {"events_rule", "lambda_event_source"}
_CHECKS, _OF_A_LOADER = "_expect", "_messages"
"""How the rule of a job's check, and the mapping of a loader's own queue, end."""
