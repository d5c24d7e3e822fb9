"""What steps compile into really runs: a copy that is asked for until it is done, a job, a function, a failure told."""

import dataclasses
import json
import re

import pytest

from scrapectl.blueprint.workflow import FunctionCall, Given, JobCall, compile_workflow
from scrapectl.local.clock import VirtualClock
from scrapectl.local.cloud import Cloud
from scrapectl.local.delays import NO_DELAYS
from tests.unit.blueprint.workflow.steps import call, copy, run, workflow
from tests.unit.local_workflows.conftest import Flows

SLOW_COPIES = dataclasses.replace(NO_DELAYS, transfer_launch=60.0, transfer_copy=15.0)
MAY = (
    *("batch:*", "events:*", "lambda:InvokeFunction", "sns:Publish", "datasync:StartTaskExecution"),
    "datasync:DescribeTaskExecution",
)


@pytest.fixture
def world(tmp_path):
    cloud = Cloud(VirtualClock(), state_dir=tmp_path, delays=SLOW_COPIES)
    yield Flows(cloud)
    cloud.close()


class Scene:
    """Two buckets and a transfer between them, a job, a function, a topic that a queue hears."""

    def __init__(self, world, stage):
        self.world = world
        for name in ("raw-1", "work-1"):
            world("s3").create_bucket(Bucket=name)
        world("s3").put_object(Bucket="raw-1", Key="in/a.csv", Body=b"a,b")
        role = world.role("transfer", "s3:*", service="datasync.amazonaws.com")
        ends = [self.location(name, role) for name in ("raw-1", "work-1")]
        made = world("datasync").create_task(SourceLocationArn=ends[0], DestinationLocationArn=ends[1], Name="c")
        function = world.function("count", "def handler(event, context):\n    return {'run': event['run']}")
        self.topic = world.topic("alerts")
        heard = world.queue("heard", "sns.amazonaws.com")
        world("sns").subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=heard)
        definition = stage.batch("DescribeJobDefinitions", jobDefinitionName="work")["jobDefinitions"][0]
        queue = "arn:aws:batch:us-east-1:123456789012:job-queue/plain"
        self.given = Given(
            pipeline="shop",
            jobs={
                "a": JobCall(name="shop-a", definition=definition["jobDefinitionArn"].rpartition(":")[0], queue=queue)
            },
            functions={"f": FunctionCall(arn=function)},
            tasks=(made["TaskArn"],),
            topic=self.topic,
            commands=("scrapectl logs {run}",),
        )

    def location(self, bucket, role):
        given = {
            "S3BucketArn": f"arn:aws:s3:::{bucket}",
            "Subdirectory": "/in",
            "S3Config": {"BucketAccessRoleArn": role},
        }
        return self.world("datasync").create_location_s3(**given)["LocationArn"]

    def start(self, *steps):
        machine = self.world.machine(compile_workflow(workflow(*steps), self.given), *MAY)
        return self.world.start(machine, name="run-1")

    def told(self):
        self.world.pass_time(1)
        return [json.loads(message["Body"])["Message"] for message in self.world.messages("heard")]


@pytest.fixture
def scene(world, stage):
    return Scene(world, stage)


def entered(world, arn):
    events = (event.get("stateEnteredEventDetails") for event in world.events(arn))
    return [event["name"] for event in events if event]


def test_a_copy_a_job_and_a_function_one_after_the_other(world, scene, stage):
    stage.define(container={"command": ["sh", "-c", "echo $RUN"]})
    arn = scene.start(copy(), run("a"), call("f"))
    done = world.until_ended(arn, step=5)
    assert done["status"] == "SUCCEEDED", done
    assert world("s3").get_object(Bucket="work-1", Key="in/a.csv")["Body"].read() == b"a,b"
    names = entered(world, arn)
    assert sum(name.endswith(": ask") for name in names) > 3
    steps = [name for name in names if ": " not in name]
    assert steps[-3:] == ["run a", "call f", "done"]
    assert scene.told() == []


def test_a_copy_that_fails_ends_in_the_failure_path(world, scene):
    world("iam").delete_role_policy(RoleName="transfer", PolicyName="access")
    arn = scene.start(copy(), run("a"))
    done = world.until_ended(arn, step=5)
    assert (done["status"], done["error"]) == ("FAILED", "DataSync.ERROR")
    (message,) = scene.told()
    assert "Run: run-1" in message
    assert "scrapectl logs run-1" in message
    assert "run a" not in entered(world, arn)


def test_a_job_that_fails_ends_in_the_failure_path(world, scene, stage):
    stage.define(container={"command": ["sh", "-c", "exit 4"]})
    arn = scene.start(run("a", environment={"API_TOKEN": "canary"}), call("f"))
    done = world.until_ended(arn)
    assert (done["status"], done["error"]) == ("FAILED", "States.TaskFailed")
    said = r"job [0-9a-f-]{36}: exit code 4: Essential container in task exited"
    assert re.fullmatch(said, done["cause"])
    (message,) = scene.told()
    assert "Step: run a" in message
    assert f"\nCause: {done['cause']}\n" in message
    assert "canary" not in message


def test_a_message_that_cannot_be_sent_still_ends_the_run(world, scene):
    world("sns").delete_topic(TopicArn=scene.topic)
    arn = scene.start(call("f"))
    world("lambda").delete_function(FunctionName="count")
    done = world.until_ended(arn)
    assert done["status"] == "FAILED"
    assert done["error"] == "Lambda.ResourceNotFoundException"
