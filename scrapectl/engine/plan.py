"""The words of a plan and of its end: change, plan, outcome, and the events that views listen to (pure)."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from scrapectl.engine.resource import Desired, FieldChange, Key, Live
from scrapectl.errors import Place, Problem


class Verb(enum.StrEnum):
    """The two things a change may do to AWS: bring one there or into shape, and end an old one."""

    PUT = "put"
    END = "end"


StepId = tuple[Verb, str, Key]
"""One thing to do: verb, kind, key."""


class Action(enum.StrEnum):
    """What a change does. A replacement makes the new one before the old one goes, wherever names allow."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"


@dataclass(frozen=True)
class Change:
    """One difference between desired and live.

    `desired` is None for a delete; `live` is what stands (the old one for a replacement), None for a create.
    A replacement has two keys: `key` is the new one's, `old_key` the old one's; they are equal when a leaf is
    deleted and made again in place. `put_after` and `end_after` are the steps that come first.
    """

    address: str
    kind: str
    action: Action
    key: Key
    desired: Desired | None = None
    live: Live | None = None
    old_key: Key | None = None
    fields: tuple[FieldChange, ...] = ()
    origin: str = ""
    where: Place | None = None
    notes: tuple[str, ...] = ()
    keep: bool = False  # on_destroy: keep — tagged `scrapectl:kept` and left
    put_after: tuple[StepId, ...] = ()
    end_after: tuple[StepId, ...] = ()

    @property
    def steps(self) -> tuple[StepId, ...]:
        """What this change does, in order."""
        put, end = (Verb.PUT, self.kind, self.key), (Verb.END, self.kind, self.old_key or self.key)
        if self.action is Action.DELETE:
            return (end,)
        if self.action is not Action.REPLACE:
            return (put,)
        return (end, put) if self.old_key == self.key else (put, end)

    @property
    def drift(self) -> bool:
        """Whether everything that differs moved in AWS while the spec stood still."""
        return bool(self.fields) and all(f.drift for f in self.fields)


@dataclass(frozen=True)
class Plan:
    """Every change, in an order that may be carried out, and what need not change.

    `refusals` make the plan one that may not be carried out (exit code 3); it is shown all the same.
    `remains` tells what AWS or the spec keeps after the deletes.
    """

    pipeline: str
    stage: str | None
    account: str
    region: str
    changes: tuple[Change, ...] = ()
    unchanged: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    refusals: tuple[Problem, ...] = ()
    remains: tuple[str, ...] = ()
    outputs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # address → outputs of what stands unchanged

    @property
    def empty(self) -> bool:
        """Nothing to do."""
        return not self.changes

    def summary(self) -> dict[str, int]:
        """How many changes of each action."""
        return {action.value: sum(change.action is action for change in self.changes) for action in Action}


class Result(enum.StrEnum):
    """What came of a change."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Outcome:
    """What came of one change; `error` says why it failed, or whose failure made it be skipped."""

    change: Change
    result: Result
    seconds: float = 0.0
    error: str = ""
    live: Live | None = None  # as read back; None after a delete


class Phase(enum.StrEnum):
    """The moments of a change that a view may show."""

    STARTED = "started"
    WAITING = "waiting"
    RETRYING = "retrying"
    ENDED = "ended"


@dataclass(frozen=True)
class Event:
    """Something happened to a change: `text` explains (what is awaited, why it is tried again)."""

    phase: Phase
    change: Change
    at: float  # seconds since the apply began
    text: str = ""
    outcome: Outcome | None = None


Listener = Callable[[Event], None]
