"""States that call nothing: how data goes through them, how long they take, how they fail."""

import json

SUCCEED = {"Type": "Succeed"}


def test_data_goes_through_the_fields_of_a_state(world):
    state = {
        "Type": "Pass",
        "InputPath": "$.in",
        "Parameters": {"x.$": "$.n", "who.$": "$$.State.Name", "fixed": [1, {"y.$": "$$.Execution.Input.in.n"}]},
        "ResultPath": "$.out",
        "OutputPath": "$.out",
        "End": True,
    }
    assert world.output({"p": state}, {"in": {"n": 7}}) == {"x": 7, "who": "p", "fixed": [1, {"y": 7}]}


def test_null_paths(world):
    dropped = {"Type": "Pass", "Result": 1, "ResultPath": None, "Next": "b"}
    assert world.output({"a": dropped, "b": {"Type": "Pass", "End": True}}, {"k": 1}) == {"k": 1}
    assert world.output({"a": {"Type": "Pass", "OutputPath": None, "End": True}}, {"k": 1}) == {}
    assert world.output({"a": {"Type": "Succeed", "InputPath": "$.k"}}, {"k": [1]}) == [1]


def test_variables_are_seen_from_the_next_state_on(world):
    states = {
        "a": {"Type": "Pass", "Assign": {"n.$": "$.n", "m": 2}, "Next": "b"},
        "b": {"Type": "Pass", "Parameters": {"sum.$": "States.MathAdd($n, $m)"}, "End": True},
    }
    assert world.output(states, {"n": 40}) == {"sum": 42}


def test_a_wait_takes_its_time_on_the_cloud_s_clock(world):
    states = {"w": {"Type": "Wait", "SecondsPath": "$.s", "Next": "z"}, "z": SUCCEED}
    done = world.run(states, {"s": 60})
    assert done["status"] == "RUNNING"
    world.pass_time(59)
    assert world.told(done["executionArn"])["status"] == "RUNNING"
    world.pass_time(1)
    told = world.told(done["executionArn"])
    assert told["status"] == "SUCCEEDED"
    assert (told["stopDate"] - told["startDate"]).total_seconds() == 60


def test_a_cloud_in_a_hurry_waits_a_part_of_the_time(world):
    world.cloud.hurry = 10.0
    done = world.run({"w": {"Type": "Wait", "Seconds": 100, "End": True}})
    world.pass_time(9)
    assert world.told(done["executionArn"])["status"] == "RUNNING"
    world.pass_time(1)
    assert world.told(done["executionArn"])["status"] == "SUCCEEDED"


def test_waits_until_a_moment(world):
    states = {"w": {"Type": "Wait", "Timestamp": "2026-03-02T09:01:00Z", "End": True}}
    done = world.run(states)
    world.pass_time(600)
    told = world.told(done["executionArn"])
    assert (told["stopDate"] - told["startDate"]).total_seconds() == 60  # the clock leapt, the run did not


def test_a_loop_of_waits_that_the_clock_leaps_over_goes_round_as_often_as_it_would(world):
    count = {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "c"}
    states = {
        "w": {"Type": "Wait", "Seconds": 10, "Next": "p"},
        "p": count,
        "c": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": 5, "Next": "z"}], "Default": "w"},
        "z": SUCCEED,
    }
    arn = world.run(states, {"n": 0})["executionArn"]
    world.pass_time(49)
    assert world.kinds(arn).count("WaitStateExited") == 4
    world.pass_time(100)
    assert json.loads(world.told(arn)["output"]) == {"n": 5}


def test_the_machine_s_time_ends_a_run(world):
    arn = world.run({"w": {"Type": "Wait", "Seconds": 100, "End": True}}, TimeoutSeconds=30)["executionArn"]
    world.pass_time(1000)
    told = world.told(arn)
    assert (told["status"], told["error"]) == ("TIMED_OUT", "States.Timeout")
    assert (told["stopDate"] - told["startDate"]).total_seconds() == 30
    assert world.kinds(arn) == ["ExecutionStarted", "WaitStateEntered", "ExecutionTimedOut"]


def test_failures_tell_what_is_wrong(world):
    assert world.failure({"f": {"Type": "Fail", "Error": "E", "Cause": "c"}}) == ("E", "c")
    assert world.failure({"f": {"Type": "Fail"}}) == (None, None)
    states = {"f": {"Type": "Fail", "ErrorPath": "$.e", "CausePath": "States.Format('of {}', $.e)"}}
    assert world.failure(states, {"e": "E"}) == ("E", "of E")
    error, cause = world.failure({"p": {"Type": "Pass", "Parameters": {"x.$": "$.no"}, "End": True}}, {"a": 1})
    assert error == "States.Runtime"
    assert cause == (
        "An error occurred while executing the state 'p' (entered at the event id #2). The JSONPath '$.no' specified "
        "for the field 'x.$' could not be found in the input '{\"a\":1}'"
    )
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsPresent": True, "Next": "z"}]}
    assert world.failure({"c": choice, "z": SUCCEED})[0] == "States.NoChoiceMatched"
    assert world.failure({"p": {"Type": "Pass", "ResultPath": "$.a.b", "Result": 1, "End": True}}, {"a": 1})[0] == (
        "States.ResultPathMatchFailure"
    )
    assert world.failure({"w": {"Type": "Wait", "SecondsPath": "$.a", "End": True}}, {"a": "x"})[0] == "States.Runtime"


def test_too_much_data_fails(world):
    doubled = {"Type": "Pass", "Parameters": {"x.$": "States.Format('{}{}', $.x, $.x)"}, "End": True}
    assert world.failure({"p": doubled}, {"x": "y" * 200_000})[0] == "States.DataLimitExceeded"


def test_a_run_that_never_ends_ends_with_its_history(world):
    states = {"a": {"Type": "Pass", "Next": "b"}, "b": {"Type": "Pass", "Next": "c"}}
    states["c"] = {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": True, "Next": "z"}], "Default": "a"}
    states["z"] = SUCCEED
    error, cause = world.failure(states)
    assert (error, cause) == ("States.Runtime", "The execution reached the maximum number of history events (25000).")
