"""Any steps, compiled: the embedded cloud goes the same way as a simulation that was written apart from it."""

import json

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from scrapectl.blueprint.workflow import compile_workflow
from scrapectl.local.clock import VirtualClock
from scrapectl.local.cloud import Cloud
from scrapectl.local.workflows import tasks
from scrapectl.local.workflows.execution import Execution, Plan
from scrapectl.local.workflows.failure import StateFailure
from scrapectl.local.workflows.integrations import Integration
from tests.unit.blueprint.workflow.simulation import Failed, Run
from tests.unit.blueprint.workflow.steps import STEPS, given, workflow
from tests.unit.blueprint.workflow.test_any_steps import INPUTS, UPLOADS, World

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:w"
TASKS = "arn:aws:states:::"


@pytest.fixture(scope="module")
def cloud():
    made = Cloud(VirtualClock())
    yield made
    made.close()


@pytest.fixture(scope="module")
def answered():
    """Have every task answered by `answered[0]`, and noted in `answered[1]`."""
    kept = [None, []]

    def request(integration, parameters, _scene):
        return {"resource": f"{TASKS}{integration.type}:{integration.resource}", "sent": parameters}

    def call(_integration, _caller, asked):
        kept[1].append(json.dumps(asked, sort_keys=True))
        try:
            return kept[0]("", asked["resource"], asked["sent"])
        except Failed as failed:
            raise StateFailure(failed.error, failed.cause) from failed

    def awaited(_integration, _caller, result, _limits):
        return result
        yield

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Integration, "request", request)
        patch.setattr(Integration, "call", call)
        patch.setattr(tasks, "awaited_by", awaited)
        yield kept


def simulated(machine, world, start):
    run = Run(world, start)
    try:
        output, error = run.machine(machine), None
    except Failed as failed:
        output, error = None, failed.error
    sent = [json.dumps({"resource": resource, "sent": sent}, sort_keys=True) for _, resource, sent in run.called]
    return output, error, sent


def embedded(cloud, machine, start):
    plan = Plan(MACHINE, "us-east-1", "role", json.dumps(machine), machine, {"level": "OFF"})
    run = Execution(cloud, plan, "run-1", json.dumps(start))
    run.begin()
    cloud.clock.advance(2 * 86_400)
    return json.loads(run.output or "null"), run.error


class ByCall(World):
    """Answers by what is called: which state calls is nothing that both ways tell alike."""

    def __init__(self, fails, status):
        super().__init__(status=status)
        self.refused = fails

    def __call__(self, _name, resource, sent):
        if self.refused is not None and self.refused in json.dumps(sent):
            raise Failed("Some.Exception", "a cause")
        return super().__call__(sent.get("TaskExecutionArn", ""), resource, sent)


@settings(max_examples=40, deadline=None, derandomize=True)
@drawn(
    steps=STEPS,
    uploads=UPLOADS,
    start=INPUTS,
    fails=st.sampled_from([None, "shop-a_w", "function/f", "task/1"]),
    status=st.sampled_from(["SUCCESS", "ERROR"]),
)
def test_both_go_the_same_way(cloud, answered, steps, uploads, start, fails, status):
    machine = compile_workflow(workflow(*steps), given(*steps, uploads=uploads))
    output, error, sent = simulated(machine, ByCall(fails, status), start)
    answered[0], answered[1] = ByCall(fails, status), []
    assert embedded(cloud, machine, start) == (output, error)
    if error is None:
        assert sorted(answered[1]) == sorted(sent)
