"""What a run tells: its history as AWS writes it, its log, and events for EventBridge."""

import json

import pytest

from tests.unit.local_workflows.conftest import LOG_DELIVERY, TASK

GROUP = "/scrapectl/shop"
ARN = f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}:*"
PASS = {"StartAt": "p", "States": {"p": {"Type": "Pass", "Result": {"a": 1}, "End": True}}}
BAD = {"StartAt": "f", "States": {"f": {"Type": "Fail", "Error": "E", "Cause": "c"}}}


def plain(event):
    return {key: value for key, value in event.items() if key != "timestamp"}


def test_the_events_of_a_run_are_aws_s_own(world):
    """As recorded on AWS: LocalStack's test_state_pass_result."""
    machine = world.machine(PASS)
    arn = world.start(machine)
    world.pass_time()
    role = world.sfn.describe_state_machine(stateMachineArn=machine)["roleArn"]
    whole = {"truncated": False}
    assert [plain(event) for event in world.events(arn)] == [
        {
            "id": 1,
            "previousEventId": 0,
            "type": "ExecutionStarted",
            "executionStartedEventDetails": {"input": "{}", "inputDetails": whole, "roleArn": role},
        },
        {
            "id": 2,
            "previousEventId": 0,
            "type": "PassStateEntered",
            "stateEnteredEventDetails": {"name": "p", "input": "{}", "inputDetails": whole},
        },
        {
            "id": 3,
            "previousEventId": 2,
            "type": "PassStateExited",
            "stateExitedEventDetails": {"name": "p", "output": '{"a":1}', "outputDetails": whole},
        },
        {
            "id": 4,
            "previousEventId": 3,
            "type": "ExecutionSucceeded",
            "executionSucceededEventDetails": {"output": '{"a":1}', "outputDetails": whole},
        },
    ]


def test_a_history_is_read_in_pages_and_backwards(world):
    arn = world.start(world.machine(PASS))
    world.pass_time()
    first = world.sfn.get_execution_history(executionArn=arn, maxResults=3)
    rest = world.sfn.get_execution_history(executionArn=arn, maxResults=3, nextToken=first["nextToken"])
    assert [event["id"] for event in first["events"] + rest["events"]] == [1, 2, 3, 4]
    assert "nextToken" not in rest
    backwards = world.sfn.get_execution_history(executionArn=arn, reverseOrder=True, includeExecutionData=False)
    assert [event["id"] for event in backwards["events"]] == [4, 3, 2, 1]
    assert backwards["events"][0]["executionSucceededEventDetails"] == {}


def logged(world, document, level, *, data=False):
    if not world("logs").describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]:
        world("logs").create_log_group(logGroupName=GROUP)
    target = {"cloudWatchLogsLogGroup": {"logGroupArn": ARN}}
    logging = {"level": level, "includeExecutionData": data, "destinations": [target]}
    arn = world.start(world.machine(document, *LOG_DELIVERY, loggingConfiguration=logging), {"secret": 1})
    world.pass_time()
    return arn, [json.loads(line) for line in world.log(GROUP)]


@pytest.mark.parametrize(
    ("document", "level", "types"),
    [
        (PASS, "ALL", ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]),
        (PASS, "ERROR", []),
        (BAD, "ERROR", ["FailStateEntered", "ExecutionFailed"]),
        (BAD, "FATAL", ["ExecutionFailed"]),
    ],
)
def test_a_log_gets_what_its_level_wants(world, document, level, types):
    arn, lines = logged(world, document, level)
    assert [line["type"] for line in lines] == types
    assert {line["execution_arn"] for line in lines} <= {arn}


def test_a_log_has_data_only_when_it_shall(world):
    _, lines = logged(world, PASS, "ALL")
    assert "secret" not in json.dumps(lines)
    _, lines = logged(world, PASS, "ALL", data=True)
    assert "secret" in json.dumps(lines)


def test_a_failure_s_log_line_says_error_and_cause(world):
    _, lines = logged(world, BAD, "FATAL")
    assert lines[0]["details"] == {"error": "E", "cause": "c"}


def test_eventbridge_hears_of_begin_and_end(world):
    """The shape as recorded on AWS: LocalStack's test_event_bridge_events_base."""
    pattern = {"source": ["aws.states"], "detail-type": ["Step Functions Execution Status Change"]}
    world.rule("runs", pattern, {"Arn": world.queue("heard", "events.amazonaws.com")})
    machine = world.machine(PASS)
    arn = world.start(machine, name="one")
    world.pass_time()
    world.pass_time(1)
    told = sorted((json.loads(one["Body"]) for one in world.messages("heard")), key=lambda one: one["detail"]["status"])
    assert [one["detail"]["status"] for one in told] == ["RUNNING", "SUCCEEDED"]
    assert told[1]["resources"] == [arn]
    detail = told[1]["detail"]
    assert detail.pop("startDate") == detail.pop("stopDate") == 1_772_442_000_000
    assert detail == {
        "executionArn": arn,
        "stateMachineArn": machine,
        "name": "one",
        "status": "SUCCEEDED",
        "input": "{}",
        "inputDetails": {"included": True},
        "output": '{"a":1}',
        "outputDetails": {"included": True},
        "error": None,
        "cause": None,
        "redriveCount": 0,
        "redriveDate": None,
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
    }


def test_a_refused_call_leaves_the_data_of_the_state_before_it(world):
    state = {"Type": "Task", "Resource": f"{TASK}aws-sdk:s3:headObject", "End": True}
    state["Parameters"] = {"Bucket.$": "$.bucket", "Key": "k"}
    arn = world.run({"s": state}, {"bucket": "none-of-ours"})["executionArn"]
    events = {event["type"]: event for event in world.events(arn)}
    assert json.loads(events["TaskScheduled"]["taskScheduledEventDetails"]["parameters"]) == {
        "Bucket": "none-of-ours",
        "Key": "k",
    }
    assert events["ExecutionFailed"]["previousEventId"] == events["TaskFailed"]["id"]
