"""A cloud on a virtual clock whose state machines are made, run and looked at in a line each."""

import itertools
import json
import time

import pytest

from scrapectl.local.clock import VirtualClock
from scrapectl.local.cloud import Cloud
from tests.unit.local_flows.conftest import World, fill

SERVICE = "states.amazonaws.com"
TASK = "arn:aws:states:::"
LOG_DELIVERY = (
    *("logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery"),
    *("logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups"),
)


class Flows(World):
    """A world with state machines."""

    def __init__(self, cloud):
        super().__init__(cloud)
        self.names = (f"machine-{number}" for number in itertools.count(1))
        self.roles = {}

    @property
    def sfn(self):
        return self("stepfunctions")

    def may(self, *actions, resource="*"):
        """A role of machines that may do this."""
        key = (actions, resource)
        if key not in self.roles:
            self.roles[key] = self.role(f"states-{len(self.roles)}", *actions, service=SERVICE, resource=resource)
        return self.roles[key]

    def machine(self, document, *actions, role=None, **params):
        name = params.pop("name", None) or next(self.names)
        given = {"definition": json.dumps(document), "roleArn": role or self.may(*(actions or ("*",))), **params}
        return self.sfn.create_state_machine(name=name, **given)["stateMachineArn"]

    def start(self, machine, data=None, name=None):
        named = {"name": name} if name else {}
        return self.sfn.start_execution(stateMachineArn=machine, input=json.dumps(data or {}), **named)["executionArn"]

    def run(self, states, data=None, start=None, **top):
        """Run states from the first, at one moment of the clock; returns the run as it stands then."""
        document = {"StartAt": start or next(iter(states)), "States": states, **top}
        arn = self.start(self.machine(document), data)
        self.pass_time()
        return self.told(arn)

    def told(self, arn):
        return self.sfn.describe_execution(executionArn=arn)

    def output(self, *args, **kwargs):
        done = self.run(*args, **kwargs)
        assert done["status"] == "SUCCEEDED", done
        return json.loads(done["output"])

    def failure(self, *args, **kwargs):
        done = self.run(*args, **kwargs)
        assert done["status"] == "FAILED", done
        return done.get("error"), done.get("cause")

    def events(self, arn):
        return self.sfn.get_execution_history(executionArn=arn)["events"]

    def kinds(self, arn):
        return [event["type"] for event in self.events(arn)]

    def until_ended(self, arn, step=0.1, seconds=20.0):
        """Let real things happen, and the clock go on a little each time, until a run has ended."""
        end = time.monotonic() + seconds
        while (told := self.told(arn))["status"] == "RUNNING":
            assert time.monotonic() < end, self.kinds(arn)
            time.sleep(0.005)
            self.pass_time(step)
        return told


@pytest.fixture
def world(tmp_path):
    cloud = Cloud(VirtualClock(), state_dir=tmp_path)
    yield Flows(cloud)
    cloud.close()


@pytest.fixture
def stage(world, tmp_path):
    """A small Batch in the same cloud."""
    return fill(world, tmp_path / "scraper")
