"""Machines in JSONata: what Step Functions computes in `{% %}`, and what it says when nothing comes of it."""

import json

import pytest

from scrapectl.local.workflows.jsonata import QueryError, filled
from tests.unit.local_workflows.conftest import TASK

STATES = {"input": {"items": [{"n": 1}, {"n": 2}], "none": None}, "context": {"Execution": {"Name": "one"}}}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{% $states.input.items[n > 1].n %}", 2),
        ("{% $states.input.items.n %}", [1, 2]),
        ("{% $states.input.none %}", None),
        ({"a": ["{% $sum($states.input.items.n) / 2 %}", "plain {% no %}"]}, {"a": [1.5, "plain {% no %}"]}),
        ("{% $known & '-' & $states.context.Execution.Name %}", "x-one"),
        ("{% {'a': null, 'b': [1..3]} %}", {"a": None, "b": [1, 2, 3]}),
        ("{% $partition([1, 2, 3], 2) %}", [[1, 2], [3]]),
        ("{% $range(1, 9, 4) %}", [1, 5, 9]),
        ("{% $parse('{\"a\": 1}').a %}", 1),
        ("{% $hash('a', 'MD5') %}", "0cc175b9c0f1b6a831c399e269772661"),
        ("{% $random(3) = $random(3) %}", True),
        ("{% $length($uuid()) %}", 36),
    ],
)
def test_computed(template, value):
    assert filled(template, STATES, {"known": "x"}) == value


@pytest.mark.parametrize("text", ["$states.input.no", "1 +", "$eval('1')", "$nope()", "1 + 'a'", "function($x){$x}"])
def test_what_gives_nothing(text):
    with pytest.raises(QueryError):
        filled(f"{{% {text} %}}", STATES, {})


def run(world, states, data=None):
    return world.run(states, data, QueryLanguage="JSONata")


def test_data_goes_through_the_fields_of_a_state(world):
    states = {
        "a": {"Type": "Pass", "Assign": {"n": "{% $states.input.n * 2 %}"}, "Next": "b"},
        "b": {"Type": "Pass", "Output": {"n": "{% $n %}", "who": "{% $states.context.State.Name %}"}, "Next": "c"},
        "c": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input.n > 100 %}", "Next": "f"}],
            "Default": "w",
        },
        "w": {"Type": "Wait", "Seconds": "{% $n %}", "Next": "z"},
        "z": {"Type": "Succeed"},
        "f": {"Type": "Fail", "Error": "TooMuch", "Cause": "{% 'it is ' & $states.input.n %}"},
    }
    arn = run(world, states, {"n": 5})["executionArn"]
    world.pass_time(10)
    told = world.told(arn)
    assert json.loads(told["output"]) == {"n": 10, "who": "b"}
    assert (told["stopDate"] - told["startDate"]).total_seconds() == 10
    failed = run(world, states, {"n": 60})
    assert (failed["error"], failed["cause"]) == ("TooMuch", "it is 120")


def test_tasks_take_arguments_and_catches_their_error(world):
    world("s3").create_bucket(Bucket="raw-1")
    head = {
        "Type": "Task",
        "Resource": f"{TASK}aws-sdk:s3:headObject",
        "Arguments": {"Bucket": "raw-1", "Key": "{% $states.input.key %}"},
        "Output": "{% $states.result.ContentLength %}",
        "Catch": [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput.Error %}", "Next": "z"}],
        "End": True,
    }
    world("s3").put_object(Bucket="raw-1", Key="a", Body=b"abc")
    states = {"h": head, "z": {"Type": "Succeed"}}
    assert json.loads(run(world, states, {"key": "a"})["output"]) == 3
    assert json.loads(run(world, states, {"key": "b"})["output"]) == "S3.NoSuchKeyException"


def test_groups_take_arguments_and_items(world):
    doubled = {"StartAt": "d", "States": {"d": {"Type": "Pass", "Output": "{% $states.input.v * 2 %}", "End": True}}}
    states = {
        "m": {
            "Type": "Map",
            "Items": "{% $states.input.items %}",
            "ItemSelector": {"v": "{% $states.context.Map.Item.Value %}"},
            "MaxConcurrency": "{% 1 %}",
            "ItemProcessor": doubled,
            "Output": "{% $sum($states.result) %}",
            "Next": "p",
        },
        "p": {
            "Type": "Parallel",
            "Arguments": {"v": "{% $states.input %}"},
            "Branches": [{"StartAt": "e", "States": {"e": doubled["States"]["d"]}}],
            "End": True,
        },
    }
    assert json.loads(run(world, states, {"items": [1, 2, 3]})["output"]) == [24]


def test_a_state_may_speak_it_alone(world):
    spoken = {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input.n + 1 %}", "End": True}
    assert world.output({"a": {"Type": "Pass", "Parameters": {"n.$": "$.x"}, "Next": "b"}, "b": spoken}, {"x": 1}) == 2


def test_what_cannot_be_computed_fails_and_can_be_caught(world):
    state = {"Type": "Pass", "Output": "{% $states.input.no %}", "End": True}
    failed = run(world, {"p": state}, {})
    assert failed["error"] == "States.QueryEvaluationError"
    assert "'p' (entered at the event id #2)" in failed["cause"]
    assert "$states.input.no" in failed["cause"]
    choice = {"Type": "Choice", "Choices": [{"Condition": "{% 1 %}", "Next": "z"}], "Default": "z"}
    assert run(world, {"c": choice, "z": {"Type": "Succeed"}})["error"] == "States.QueryEvaluationError"
