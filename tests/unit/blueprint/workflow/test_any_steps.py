"""Any steps: AWS would take the machine; it ends well when all tasks do, else badly, and somebody is told once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from scrapectl.blueprint.workflow import compile_workflow, copies_of
from scrapectl.spec.asl.check import check_machine
from scrapectl.spec.model import BucketPlace
from tests.unit.blueprint.workflow.simulation import Failed, Run
from tests.unit.blueprint.workflow.steps import STEPS, given, workflow

UPLOADS = st.sampled_from([(), (BucketPlace("raw", "in/"),), (BucketPlace("raw", "in/"), BucketPlace("other"))])
INPUTS = st.sampled_from(
    [{}, {"full": True}, {"bucket": "b", "key": "in/k", "version": "", "copies": {"in/": "/k", "": "/in/k"}}]
)


class World:
    """Answers every task: a copy is done the third time it is asked for; `fails` names the state that fails."""

    def __init__(self, fails: str | None = None, status: str = "SUCCESS") -> None:
        self.fails, self.status = fails, status
        self.asked: dict[str, int] = {}

    def __call__(self, name: str, resource: str, sent: Any) -> Any:
        if name == self.fails:
            raise Failed("States.Timeout")
        action = resource.split(":::")[1]
        if action == "batch:submitJob.sync":
            assert all(isinstance(pair["Value"], str) for pair in sent["ContainerOverrides"]["Environment"])
            return {"JobId": "1", "Status": "SUCCEEDED"}
        if action == "lambda:invoke":
            return {"StatusCode": 200, "Payload": {}}
        if action == "aws-sdk:datasync:startTaskExecution":
            return {"TaskExecutionArn": f"{sent['TaskArn']}/execution/{name}"}
        if action == "aws-sdk:datasync:describeTaskExecution":
            self.asked[name] = self.asked.get(name, 0) + 1
            return {"Status": self.status if self.asked[name] > 2 else "LAUNCHING"}
        return {"ContentLength": 5, "MessageId": "1"}


def machine_of(steps: list[Any], uploads: Any) -> dict[str, Any]:
    return compile_workflow(workflow(*steps), given(*steps, uploads=uploads))


@settings(max_examples=150, deadline=None, derandomize=True)
@drawn(STEPS, UPLOADS, INPUTS, st.data())
def test_any_steps_end_as_their_tasks_do(steps, uploads, start, data):
    machine = machine_of(steps, uploads)
    assert [str(fault) for fault in check_machine(machine)] == []
    assert json.dumps(machine) == json.dumps(machine_of(steps, uploads))
    good = Run(World(), start)
    good.machine(machine)
    tasks = [name for name, _, _ in good.called]
    if not tasks:
        return
    broken = data.draw(st.sampled_from(tasks))
    bad = Run(World(broken), start)
    with pytest.raises(Failed, match=r"States\.Timeout"):
        bad.machine(machine)
    told = [sent["Message"] for _, resource, sent in bad.called if resource.endswith(":sns:publish")]
    assert len(told) == 1
    assert "run-1" in told[0]
    assert "States.Timeout" in told[0]


@settings(max_examples=50, deadline=None, derandomize=True)
@drawn(STEPS, UPLOADS)
def test_a_copy_that_never_ends_fails_within_the_time_of_its_workflow(steps, uploads):
    machine = machine_of(steps, uploads)
    run = Run(World(status="TRANSFERRING"), {})
    if not copies_of(steps):
        run.machine(machine)
        return
    with pytest.raises(Failed, match=r"DataSync\.TooLate"):
        run.machine(machine)
    assert len(run.met) * 3 < 25_000
