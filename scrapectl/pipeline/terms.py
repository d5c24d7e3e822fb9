"""The words of the whole way: what may be done, to what, what was planned, and what came of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scrapectl.aws.anchor import Anchor
from scrapectl.aws.anchor_state import State
from scrapectl.engine.apply import Clock, Workers
from scrapectl.engine.plan import Outcome, Plan
from scrapectl.engine.workers import MonotonicClock, Threads
from scrapectl.spec.model import Spec

PARALLEL = 16


@dataclass(frozen=True)
class Options:
    """What apply and destroy may do; the words of the command line."""

    delete_data: bool = False
    keep_data: bool = False
    takeover: bool = False
    only: tuple[str, ...] = ()
    parallel: int = PARALLEL
    timing: Callable[[int], tuple[Clock, Workers]] = lambda parallel: (MonotonicClock(), Threads(parallel))
    build: bool = True
    kill: bool = False
    command: str = "apply"
    only_compares: bool = False  # the plan is never carried out: values that apply must have may be missing


@dataclass(frozen=True)
class Instance:
    """What to destroy: by name, and with its spec when there is one."""

    pipeline: str
    stage: str | None = None
    spec: Spec | None = None

    @property
    def owner(self) -> str:
        """`pipeline`, or `pipeline.stage`."""
        return f"{self.pipeline}.{self.stage}" if self.stage else self.pipeline


@dataclass(frozen=True)
class Planned:
    """A plan with what made it, so that it can be carried out, or made again."""

    plan: Plan
    again: Callable[[], Planned]
    anchor: Anchor
    anchored: State | None  # what the anchor said when the plan was made; None: no apply has been there
    outputs: Mapping[str, Any] = dataclasses.field(default_factory=dict)  # may hold references
    destroys: bool = False
    spec: str = ""  # the fingerprint of all that the spec wants

    @property
    def finds_nothing(self) -> bool:
        """Whether nothing at all is known of this name: it does not stand, and nothing of it is left."""
        plan = self.plan
        return plan.empty and self.anchored is None and not (plan.unchanged or plan.remains or plan.notes)

    @property
    def spec_stands(self) -> bool:
        """Whether the last apply made all of this very spec: what differs now was changed in AWS."""
        state = self.anchored
        return state is not None and state.holder is None and state.spec == self.spec != ""


@dataclass(frozen=True)
class Applied:
    """What came of a plan, and the spec's outputs as they are now."""

    plan: Plan
    outcomes: tuple[Outcome, ...]
    outputs: Mapping[str, str]
    interrupted: bool = False

    @property
    def failed(self) -> bool:
        """Whether anything was not done."""
        return any(outcome.result.value != "done" for outcome in self.outcomes)
