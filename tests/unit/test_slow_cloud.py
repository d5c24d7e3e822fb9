"""The examples on a cloud that takes its time as AWS does: states, fresh roles, a late tag index; on its own clock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from scrapectl import pipeline
from scrapectl.aws.session import Session, Where
from scrapectl.engine.plan import Event, Phase
from scrapectl.local.clock import VirtualClock
from scrapectl.local.cloud import Cloud
from scrapectl.local.delays import Delays
from scrapectl.local.inprocess import Recorder, connect, record
from scrapectl.pipeline import applying
from scrapectl.spec import load_spec
from scrapectl.spec.model import Spec

EXAMPLES = Path(__file__).parents[2] / "examples"


class OnTheCloudsClock:
    """Runs tasks one after the other; waiting moves the cloud's clock."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.tasks: list[tuple[Any, Callable[[], Any]]] = []

    @property
    def busy(self) -> int:
        return len(self.tasks)

    def submit(self, token: Any, task: Callable[[], Any]) -> None:
        self.tasks.append((token, task))

    def next(self, timeout: float | None) -> tuple[Any, Any, BaseException | None] | None:
        if not self.tasks:
            self.clock.advance(timeout or 0.01)
            return None
        token, task = self.tasks.pop(0)
        try:
            return token, task(), None
        except Exception as error:  # noqa: BLE001 - handed on, as Threads does
            return token, None, error

    def close(self) -> None:
        assert not self.tasks


class Slow:
    """A slow cloud, and the whole way over it."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.cloud = Cloud(self.clock, delays=Delays(fresh_role=40.0))
        self.sent: Recorder = record(self.cloud)
        where = Where(local=False, region="us-east-1")
        self.aws = Session(connect(self.cloud), where, self.cloud.account, "us-east-1", "aws")
        self.aws.where.local = True  # images are pushed as layers; the pace is AWS's all the same
        self.retried: list[str] = []
        self.options = pipeline.Options(timing=lambda _parallel: (self.clock, OnTheCloudsClock(self.clock)))

    def plan(self, spec: Spec) -> pipeline.Planned:
        return pipeline.plan_spec(spec, self.aws, self.options)

    def apply(self, planned: pipeline.Planned) -> pipeline.Applied:
        with mock.patch.object(applying, "_quick", lambda pace: pace):  # not the embedded cloud's, which looks at once
            return pipeline.apply_plan(planned, self.aws, self.options, self._hear)

    def _hear(self, event: Event) -> None:
        if event.phase is Phase.RETRYING:
            self.retried.append(event.text)


@pytest.fixture
def slow():
    found = Slow()
    yield found
    found.cloud.close()


@pytest.mark.parametrize("example", ["quickstart", "batch-collector"])
def test_apply_from_empty_in_one_pass_then_nothing_then_gone(slow, example):
    spec = load_spec(EXAMPLES / example / "pipeline.yaml", region="us-east-1", env={})
    applied = slow.apply(slow.plan(spec))
    assert [(o.change.address, o.error) for o in applied.outcomes if o.error] == []
    assert any("assume" in text for text in slow.retried), "a fresh role was assumed at once: the cloud is not slow"
    slow.clock.advance(300)
    assert slow.plan(spec).plan.changes == ()
    destroyed = slow.apply(pipeline.plan_destroy(pipeline.Instance(spec.pipeline), slow.aws, slow.options))
    assert [(o.change.address, o.error) for o in destroyed.outcomes if o.error] == []
    slow.clock.advance(300)
    assert pipeline.plan_destroy(pipeline.Instance(spec.pipeline), slow.aws, slow.options).plan.changes == ()


def test_what_was_destroyed_a_moment_ago_can_be_made_again(slow):
    spec = load_spec(EXAMPLES / "quickstart" / "pipeline.yaml", region="us-east-1", env={})
    slow.apply(slow.plan(spec))
    slow.clock.advance(300)
    slow.apply(pipeline.plan_destroy(pipeline.Instance(spec.pipeline), slow.aws, slow.options))
    again = slow.apply(slow.plan(spec))
    assert [(o.change.address, o.error) for o in again.outcomes if o.error] == []
