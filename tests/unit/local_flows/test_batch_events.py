"""Every change of a Batch job's state is an event of AWS's shape on the default bus."""

import json

import pytest

ANY = {"source": ["aws.batch"], "detail-type": ["Batch Job State Change"]}
PARENTS = {"source": ["aws.batch"], "detail": {"arrayProperties": {"index": [{"exists": False}]}}}


@pytest.fixture
def heard(world):
    """What a rule with a pattern has passed on so far, oldest first."""

    def listen(pattern):
        world.rule("jobs", pattern, {"Arn": world.queue("heard", "events.amazonaws.com")})

        def events():
            world.pass_time()
            url = world("sqs").get_queue_url(QueueName="heard")["QueueUrl"]
            found = []
            while messages := world("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
                found += [json.loads(message["Body"]) for message in messages]
            return found

        return events

    return listen


def test_a_job_that_fails_is_told_state_by_state(world, stage, heard):
    events = heard(ANY)
    done = stage.run("exit 3", tags={"team": "north"})
    told = events()
    states = [event["detail"]["status"] for event in told]
    assert states == ["SUBMITTED", "RUNNABLE", "STARTING", "RUNNING", "FAILED"]
    last = told[-1]
    assert {key: last[key] for key in ("source", "detail-type", "region", "resources", "account")} == {
        "source": "aws.batch",
        "detail-type": "Batch Job State Change",
        "region": "us-east-1",
        "resources": [done["jobArn"]],
        "account": "123456789012",
    }
    detail = last["detail"]
    assert detail == done
    assert (detail["container"]["exitCode"], detail["tags"]) == (3, {"team": "north"})
    assert isinstance(detail["stoppedAt"], int)


def test_an_array_tells_of_its_children_and_of_itself(world, stage, heard):
    events = heard(ANY)
    job = stage.submit("exit $AWS_BATCH_JOB_ARRAY_INDEX", arrayProperties={"size": 2})
    stage.wait(job)
    told = [event["detail"] for event in events()]
    children = {event["arrayProperties"]["index"] for event in told if "index" in event.get("arrayProperties", {})}
    parents = [event for event in told if event["jobId"] == job]
    assert children == {0, 1}
    assert [event["status"] for event in parents] == ["SUBMITTED", "PENDING", "FAILED"]
    assert parents[-1]["arrayProperties"]["size"] == 2
    assert parents[-1]["arrayProperties"]["statusSummary"]["FAILED"] == 1
    assert parents[-1]["statusReason"] == "Array Child Job failed"


def test_a_rule_for_failures_hears_the_parent_alone(world, stage, heard):
    definition = "arn:aws:batch:us-east-1:123456789012:job-definition/"
    detail = PARENTS["detail"] | {"status": ["FAILED"], "jobDefinition": [{"prefix": definition + "work"}]}
    events = heard(PARENTS | {"detail": detail})
    array = stage.submit("exit 1", arrayProperties={"size": 2})
    stage.wait(array)
    plain = stage.run("exit 1")["jobId"]
    stage.run("true")
    assert [event["detail"]["jobId"] for event in events()] == [array, plain]


def test_a_retry_and_a_cancelled_job_are_told(world, stage, heard):
    events = heard(ANY)
    stage.run("exit 1", retryStrategy={"attempts": 2})
    states = [event["detail"]["status"] for event in events()]
    assert states.count("RUNNABLE") == 2
    assert states[-1] == "FAILED"
