"""Parallel and Map: side by side, in order, and ended together."""

import json

FAIL = {"Type": "Fail", "Error": "E", "Cause": "c"}


def scope(**states):
    return {"StartAt": next(iter(states)), "States": states}


def wait(seconds):
    return {"Type": "Wait", "Seconds": seconds, "Next": "p"}


def test_branches_run_side_by_side_and_answer_in_order(world):
    branches = [
        scope(w=wait(20), p={"Type": "Pass", "Parameters": {"a.$": "$.n"}, "End": True}),
        scope(q={"Type": "Pass", "Result": "b", "End": True}),
    ]
    state = {"Type": "Parallel", "Branches": branches, "ResultPath": "$.r", "End": True}
    arn = world.run({"g": state}, {"n": 1})["executionArn"]
    world.pass_time(20)
    told = world.told(arn)
    assert json.loads(told["output"]) == {"n": 1, "r": [{"a": 1}, "b"]}
    assert (told["stopDate"] - told["startDate"]).total_seconds() == 20
    assert world.kinds(arn)[:3] == ["ExecutionStarted", "ParallelStateEntered", "ParallelStateStarted"]
    assert world.kinds(arn)[-3:] == ["ParallelStateSucceeded", "ParallelStateExited", "ExecutionSucceeded"]


def test_a_branch_that_fails_ends_the_others_and_is_caught(world):
    branches = [scope(w={"Type": "Wait", "Seconds": 1000, "End": True}), scope(x={**wait(5), "Next": "f"}, f=FAIL)]
    catch = [{"ErrorEquals": ["E"], "ResultPath": "$.failure", "Next": "z"}]
    states = {"g": {"Type": "Parallel", "Branches": branches, "Catch": catch, "End": True}, "z": {"Type": "Succeed"}}
    arn = world.run(states, {"k": 1})["executionArn"]
    world.pass_time(5)
    assert json.loads(world.told(arn)["output"]) == {"k": 1, "failure": {"Error": "E", "Cause": "c"}}
    kinds = world.kinds(arn)
    assert kinds.count("WaitStateAborted") == 1
    assert kinds.index("WaitStateAborted") < kinds.index("ParallelStateFailed") < kinds.index("ParallelStateExited")


def test_a_group_is_tried_again_as_a_whole(world):
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 10, "MaxAttempts": 1}]
    state = {"Type": "Parallel", "Branches": [scope(f=FAIL)], "Retry": retry, "End": True}
    arn = world.run({"g": state})["executionArn"]
    assert world.told(arn)["status"] == "RUNNING"
    world.pass_time(10)
    assert world.told(arn)["error"] == "E"
    assert world.kinds(arn).count("FailStateEntered") == 2


def test_items_get_their_own_data_as_many_at_once_as_may(world):
    item = {"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "all.$": "$.k"}
    state = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemSelector": item,
        "MaxConcurrency": 2,
        "ItemProcessor": scope(w=wait(10), p={"Type": "Pass", "End": True}),
        "End": True,
    }
    arn = world.run({"m": state}, {"items": ["a", "b", "c"], "k": 1})["executionArn"]
    assert world.kinds(arn).count("MapIterationStarted") == 2
    world.pass_time(10)
    assert world.kinds(arn).count("MapIterationStarted") == 3
    world.pass_time(10)
    told = [{"i": at, "v": value, "all": 1} for at, value in enumerate("abc")]
    assert json.loads(world.told(arn)["output"]) == told


def test_an_item_that_fails_ends_the_others(world):
    inner = scope(
        c={"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 1, "Next": "f"}], "Default": "w"},
        f=FAIL,
        w={"Type": "Wait", "Seconds": 100, "End": True},
    )
    arn = world.run({"m": {"Type": "Map", "ItemProcessor": inner, "End": True}}, [0, 1, 2])["executionArn"]
    assert world.told(arn)["error"] == "E"
    kinds = world.kinds(arn)
    assert kinds.count("MapIterationFailed") == 1
    assert kinds.count("MapIterationAborted") == 2
    assert kinds[-2:] == ["MapStateFailed", "ExecutionFailed"]


def test_no_items_are_no_work(world):
    inner = scope(p={"Type": "Pass", "End": True})
    assert (
        world.output({"m": {"Type": "Map", "ItemsPath": "$.x", "ItemProcessor": inner, "End": True}}, {"x": []}) == []
    )
    error, cause = world.failure({"m": {"Type": "Map", "ItemProcessor": inner, "End": True}}, {"x": 1})
    assert error == "States.Runtime"
    assert "must point to array" in cause


def test_a_map_in_a_branch_of_a_map(world):
    inner = scope(p={"Type": "Pass", "Parameters": {"v.$": "States.MathAdd($, 1)"}, "OutputPath": "$.v", "End": True})
    outer = scope(m={"Type": "Map", "ItemProcessor": inner, "End": True})
    assert world.output({"o": {"Type": "Map", "ItemProcessor": outer, "End": True}}, [[1, 2], [3]]) == [[2, 3], [4]]


def test_distributed_maps_say_that_they_are_not_run_here(world):
    inner = {**scope(p={"Type": "Pass", "End": True}), "ProcessorConfig": {"Mode": "DISTRIBUTED"}}
    error, cause = world.failure({"m": {"Type": "Map", "ItemProcessor": inner, "End": True}}, [1])
    assert error == "States.Runtime"
    assert "distributed" in cause
