"""The checker of the Amazon States Language: what AWS takes, and each thing it refuses, at its path."""

from __future__ import annotations

import copy
import time
from typing import Any

import botocore.session
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapectl.spec.asl.check import check_machine
from scrapectl.spec.asl.expressions import expression_problem, path_problem, reference_problem
from scrapectl.spec.asl.requests import FIELDS
from scrapectl.spec.model import Attribute, Template

TASK = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}
MACHINE = {
    "Comment": "one of each",
    "StartAt": "Run",
    "TimeoutSeconds": 60,
    "States": {
        "Run": {
            "Type": "Task",
            "Resource": "arn:aws:states:::batch:submitJob.sync",
            "Parameters": {
                "JobName": "a",
                "JobQueue.$": "$.key",
                "DependsOn": [{"A.$": "States.Format('{}', $$.Execution.Name)"}],
            },
            "ResultSelector": {"id.$": "$.JobId"},
            "ResultPath": "$.done['x y']",
            "TimeoutSeconds": 30,
            "Retry": [{"ErrorEquals": ["A", "States.Timeout"], "BackoffRate": 1.5}, {"ErrorEquals": ["States.ALL"]}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "Bad"}],
            "Next": "Ask",
        },
        "Ask": {
            "Type": "Choice",
            "Choices": [
                {
                    "And": [{"Variable": "$.a", "IsPresent": True}, {"Variable": "$.a", "NumericLessThan": 3}],
                    "Next": "Wait",
                },
                {"Not": {"Variable": "$.b", "StringEquals": "x"}, "Next": "Both"},
            ],
            "Default": "Each",
        },
        "Wait": {"Type": "Wait", "SecondsPath": "$.wait", "Next": "Ask"},
        "Both": {
            "Type": "Parallel",
            "Branches": [{"StartAt": "B1", "States": {"B1": TASK}}, {"StartAt": "B2", "States": {"B2": TASK}}],
            "Next": "Each",
        },
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "MaxConcurrency": 2,
            "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, "StartAt": "M1", "States": {"M1": TASK}},
            "ResultPath": None,
            "Next": "Good",
        },
        "Good": {"Type": "Succeed"},
        "Bad": {"Type": "Fail", "ErrorPath": "$.failure.Error", "CausePath": "States.Format('{}', $.failure.Cause)"},
    },
}
JSONATA = {
    "QueryLanguage": "JSONata",
    "StartAt": "Run",
    "States": {
        "Run": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:headObject",
            "Arguments": {"Bucket": "{% $states.input.bucket %}"},
            "TimeoutSeconds": "{% $states.input.limit %}",
            "Output": "{% $states.result %}",
            "Assign": {"size": "{% $states.result.ContentLength %}"},
            "Catch": [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput %}", "Next": "Bad"}],
            "Next": "Ask",
        },
        "Ask": {"Type": "Choice", "Choices": [{"Condition": "{% $size > 0 %}", "Next": "Good"}], "Default": "Bad"},
        "Good": {"Type": "Succeed", "Output": {"size": "{% $size %}"}},
        "Bad": {"Type": "Fail", "Error": "{% $states.input.Error %}"},
    },
}


def faults_of(machine: Any, kind: str = "STANDARD") -> list[str]:
    return [str(fault) for fault in check_machine(machine, kind)]


def changed(machine: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The machine with something else at a path; the value ... takes it away."""
    machine = copy.deepcopy(machine)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    holder: Any = machine
    for step in steps:
        holder = holder[step]
    if value is ...:
        del holder[last]
    else:
        holder[last] = value
    return machine


@pytest.mark.parametrize("machine", [MACHINE, JSONATA], ids=["JSONPath", "JSONata"])
def test_what_aws_takes_has_no_fault(machine):
    assert faults_of(machine) == []


def test_what_is_filled_in_later_is_taken_as_right():
    later = Template((Attribute("job", "a", "arn"),))
    machine = changed(MACHINE, "States/Run/Parameters/JobName", later)
    for path in (
        "States/Run/Resource",
        "States/Run/Parameters/JobQueue.$",
        "States/Run/TimeoutSeconds",
        "TimeoutSeconds",
    ):
        machine = changed(machine, path, later)
    assert faults_of(machine) == []


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("Stats", {}, 'Stats: unknown field "Stats". Did you mean "States"?'),
        ("StartAt", ..., '"StartAt" is missing. Write StartAt: Run.'),
        ("StartAt", "Rum", 'StartAt: there is no state "Rum" here. Did you mean "Run"?'),
        ("States", {}, "States: has no states. Write States: {…}."),
        ("Version", "2.0", 'Version: "2.0" is no version of the language. Write "1.0".'),
        ("QueryLanguage", "JQ", 'QueryLanguage: "JQ" is no query language. Write JSONPath or JSONata.'),
        ("TimeoutSeconds", 0, 'TimeoutSeconds: "0" is no number of seconds. Write 1 to 99999999.'),
        ("States/Run/Type", "Tsk", 'States.Run.Type: there is no type of state "Tsk". Did you mean "Task"?'),
        ("States/Run/Type", ..., 'States.Run: "Type" is missing. Write Type: Task.'),
        ("States/Run/Nxt", "Ask", 'States.Run.Nxt: a Task has no field "Nxt". Did you mean "Next"?'),
        ("States/Run/Next", "Aks", 'States.Run.Next: there is no state "Aks" here. Did you mean "Ask"?'),
        ("States/Run/End", True, "States.Run: goes on and ends at once. Remove Next or End."),
        ("States/Wait/Next", ..., "States.Wait: neither goes on nor ends. Write Next: NAME or End: true."),
        ("States/Each/End", False, 'States.Each.End: "False" says nothing. Write End: true, or Next alone.'),
        (
            "States/Run/Catch/0/Next",
            "Not",
            'States.Run.Catch.0.Next: there is no state "Not" here. ',
        ),
        ("States/Ask/Default", "B1", 'States.Ask.Default: there is no state "B1" here. '),
        ("States/Alone", TASK, 'States.Alone: "Alone" is never reached. Name it in a Next, or remove it.'),
        ("States/Good", {"Type": "Succeed", "Next": "Bad"}, 'States.Good.Next: a Succeed has no field "Next". '),
        ("States/Run/Resource", ..., 'States.Run: "Resource" is missing. Write Resource: ….'),
        (
            "States/Run/Resource",
            "arn:aws:s3:::b",
            'States.Run.Resource: "arn:aws:s3:::b" is nothing that a Task calls. ',
        ),
        (
            "States/Run/Resource",
            "arn:aws:states:::aws-sdk:datasync:startTaskExecution.sync",
            "States.Run.Resource: a call of the SDK has no .sync. Call again until it is done, with a Wait between.",
        ),
        (
            "States/Run/Resource",
            "arn:aws:states:::batch:submitJob.synch",
            'States.Run.Resource: there is no pattern ".synch". Write .sync, .sync:2 or .waitForTaskToken, or none.',
        ),
        ("States/Run/TimeoutSeconds", "30", 'States.Run.TimeoutSeconds: "30" is out of bounds. '),
        ("States/Run/TimeoutSecondsPath", "$.t", "States.Run.TimeoutSecondsPath: TimeoutSeconds stands here, too. "),
        ("States/Run/HeartbeatSeconds", 30, "States.Run.HeartbeatSeconds: 30 is not less than TimeoutSeconds (30). "),
        ("States/Run/Arguments", {}, "States.Run.Arguments: Arguments is JSONata's, and this state speaks JSONPath. "),
        ("States/Run/ResultPath", "$.a[*]", 'States.Run.ResultPath: "$.a[*]" is no path to one place. '),
        ("States/Run/ResultPath", "$$.a", 'States.Run.ResultPath: "$$.a" is no path to one place. '),
        ("States/Run/InputPath", "a.b", 'States.Run.InputPath: "a.b" is no JSONPath. '),
        (
            "States/Run/Parameters/jobName",
            "a",
            'States.Run.Parameters.jobName: the request has no field "jobName". Did you mean "JobName"?',
        ),
        (
            "States/Run/Parameters/Parametrs.$",
            "$.a",
            'States.Run.Parameters.Parametrs.$: the request has no field "Parametrs". Did you mean "Parameters"?',
        ),
        ("States/Run/Parameters/JobQueue", "k", 'States.Run.Parameters.JobQueue.$: "JobQueue" stands here, too. '),
        ("States/Run/Parameters/JobQueue.$", 5, 'States.Run.Parameters.JobQueue.$: "5" is no path. '),
        (
            "States/Run/Parameters/JobQueue.$",
            "key",
            'States.Run.Parameters.JobQueue.$: "key" is neither a path nor an intrinsic function. ',
        ),
        (
            "States/Run/Parameters/DependsOn/0/A.$",
            "States.Formt('{}', $.a)",
            'States.Run.Parameters.DependsOn.0.A.$: there is no States.Formt. Did you mean "Format"? ',
        ),
        (
            "States/Run/Retry",
            [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["A"]}],
            "States.Run.Retry.0.ErrorEquals: States.ALL stands alone, and in the last entry. ",
        ),
        (
            "States/Run/Catch/0/ErrorEquals",
            ["A", "States.ALL"],
            "States.Run.Catch.0.ErrorEquals: States.ALL stands alone, and in the last entry. ",
        ),
        ("States/Run/Retry/0/ErrorEquals", [], "States.Run.Retry.0.ErrorEquals: names no errors. "),
        (
            "States/Run/Retry/0/ErrorEquals/1",
            "States.Timeot",
            'States.Run.Retry.0.ErrorEquals.1: there is no error "States.Timeot". Did you mean "States.Timeout"?',
        ),
        ("States/Run/Retry/0/MaxAttempts", -1, 'States.Run.Retry.0.MaxAttempts: "-1" is out of bounds. '),
        ("States/Run/Retry/0/BackoffRate", 0.5, 'States.Run.Retry.0.BackoffRate: "0.5" is out of bounds. '),
        ("States/Run/Retry/0/MaxDelaySeconds", 1, "States.Run.Retry.0.MaxDelaySeconds: 1 is not more than "),
        ("States/Run/Retry/0/JitterStrategy", "ALL", 'States.Run.Retry.0.JitterStrategy: "ALL" is not known. '),
        ("States/Run/Retry/0/Attempts", 1, 'States.Run.Retry.0.Attempts: unknown field "Attempts". '),
        ("States/Run/Catch/0/Next", ..., 'States.Run.Catch.0: "Next" is missing. '),
        ("States/Run/Catch/0/Output", {}, "States.Run.Catch.0.Output: Output is JSONata's. "),
        ("States/Ask/Choices", [], "States.Ask.Choices: has no rules. "),
        ("States/Ask/End", True, 'States.Ask.End: a Choice has no field "End". '),
        ("States/Ask/Choices/0/Next", ..., 'States.Ask.Choices.0: "Next" is missing. '),
        ("States/Ask/Choices/0/And/0/Next", "Bad", "States.Ask.Choices.0.And.0.Next: Next stands in the rule alone, "),
        ("States/Ask/Choices/0/And/0/Variable", ..., 'States.Ask.Choices.0.And.0: "Variable" is missing. '),
        ("States/Ask/Choices/0/And/0/IsPresent", "yes", 'States.Ask.Choices.0.And.0.IsPresent: "yes" is nothing that '),
        (
            "States/Ask/Choices/0/And/1/NumericLessThan",
            "3",
            'States.Ask.Choices.0.And.1.NumericLessThan: "3" is nothing ',
        ),
        ("States/Ask/Choices/0/And/0/IsNull", True, "States.Ask.Choices.0.And.0: compares twice. "),
        ("States/Ask/Choices/1/Not/StringEqual", "x", "States.Ask.Choices.1.Not.StringEqual: there is no comparison "),
        ("States/Wait/Seconds", 5, "States.Wait: waits for one thing alone. "),
        ("States/Both/Branches", [], "States.Both.Branches: has no branches. "),
        ("States/Both/Branches/0/Stats", {}, 'States.Both.Branches.0.Stats: unknown field "Stats". '),
        ("States/Both/Branches/1/StartAt", "B1", 'States.Both.Branches.1.StartAt: there is no state "B1" here. '),
        (
            "States/Both/Branches/1/States/Good",
            TASK,
            'States.Both.Branches.1.States.Good: "Good" is never reached. Name it in a Next, or remove it.',
        ),
        ("States/Each/ItemProcessor", ..., 'States.Each: "ItemProcessor" is missing. '),
        ("States/Each/ItemsPath", None, 'States.Each.ItemsPath: "None" is no text. '),
        ("States/Bad/Cause", "x", "States.Bad.CausePath: Cause stands here, too. "),
        ("States/Bad/ErrorPath", "x", 'States.Bad.ErrorPath: "x" is neither a path nor an intrinsic function. '),
    ],
)
def test_each_fault_is_told_at_its_path(path, value, told):
    found = faults_of(changed(MACHINE, path, value))
    assert any(fault.startswith(told) for fault in found), found


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (
            "States/Run/Parameters",
            {},
            "States.Run.Parameters: Parameters is JSONPath's, and this state speaks JSONata. ",
        ),
        ("States/Run/Arguments/Bucket", "{% $x", 'States.Run.Arguments.Bucket: "{% $x" is half a JSONata expression. '),
        (
            "States/Ask/Choices/0/Variable",
            "$.a",
            'States.Ask.Choices.0.Variable: unknown field "Variable" in JSONata. ',
        ),
        ("States/Ask/Choices/0/Condition", "$size", 'States.Ask.Choices.0.Condition: "$size" is no condition. '),
        ("States/Run/Catch/0/ResultPath", "$.f", "States.Run.Catch.0.ResultPath: ResultPath is JSONPath's. "),
        ("States/Run/QueryLanguage", "JSONPath", "States.Run.QueryLanguage: the machine speaks JSONata. "),
    ],
)
def test_each_fault_of_jsonata_is_told_at_its_path(path, value, told):
    found = faults_of(changed(JSONATA, path, value))
    assert any(fault.startswith(told) for fault in found), found


def test_one_fault_is_told_once_and_makes_no_second():
    assert faults_of(changed(MACHINE, "States/Run/Next", "Aks")) == [
        'States.Run.Next: there is no state "Aks" here. Did you mean "Ask"?'
    ]


def test_a_machine_that_never_ends_is_told():
    machine = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 1, "Next": "A"}}}
    assert faults_of(machine) == ["States: never ends. Write End: true in the last state."]


def test_a_name_stands_once_in_the_whole_machine():
    machine = changed(MACHINE, "States/Both/Branches/1", {"StartAt": "B1", "States": {"B1": TASK}})
    assert faults_of(machine) == ['States.Both.Branches.1.States.B1: another state is called "B1", too. Rename one.']


@pytest.mark.parametrize(("length", "fits"), [(80, True), (81, False)])
def test_a_name_has_80_characters(length, fits):
    name = "ä" * length
    assert (faults_of({"StartAt": name, "States": {name: TASK}}) == []) is fits


@pytest.mark.parametrize("pattern", ["batch:submitJob.sync", "sqs:sendMessage.waitForTaskToken"])
def test_an_express_machine_waits_for_nothing(pattern):
    machine = {"StartAt": "A", "States": {"A": {**TASK, "Resource": f"arn:aws:states:::{pattern}"}}}
    assert faults_of(machine) == []
    (told,) = faults_of(machine, "EXPRESS")
    assert "works in machines of the type STANDARD alone" in told


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:states:::lambda:invoke",
        "arn:aws:states:::states:startExecution.sync:2",
        "arn:aws-us-gov:states:::aws-sdk:datasync:describeTaskExecution",
        "arn:aws:lambda:us-east-1:123456789012:function:f:3",
        "arn:aws:states:us-east-1:123456789012:activity:by-hand",
    ],
)
def test_what_a_task_may_call(resource):
    assert faults_of({"StartAt": "A", "States": {"A": {**TASK, "Resource": resource}}}) == []


@pytest.mark.parametrize(
    "text",
    [
        *("$", "$.a", "$.a-b.c_d", "$['a b'].c", '$["a"][0]', "$.a[*].b", "$..b", "$.a[1:3]", "$.a[?(@.b > 1)]", "$$"),
        *("$$.Execution.Name", "$.copies['in/']", "$.copies['']", "$name", "$name.a[0]"),
    ],
)
def test_what_is_a_path(text):
    assert path_problem(text) is None


@pytest.mark.parametrize("text", ["", "a", "$a b", "$.", "$.a.", "$.a[", "$['a]", "$.a b", "$.a(1)", "$$$.a"])
def test_what_is_no_path(text):
    assert path_problem(text)


@pytest.mark.parametrize(("text", "right"), [("$.a['b'][0]", True), ("$", True), ("$.a[*]", False), ("$..a", False)])
def test_what_names_one_place(text, right):
    assert (reference_problem(text) is None) is right


@pytest.mark.parametrize(
    "text",
    [
        r"States.Format('it\'s \{x\} {}', $.a)",
        "States.Array()",
        "States.UUID()",
        "States.MathAdd($.a, -1)",
        "States.JsonMerge($, $$.Execution.Input, false)",
        "States.Format('{}{}', States.ArrayGetItem($.a, 0), States.Format('{}', $.b))",
    ],
)
def test_what_is_a_function(text):
    assert expression_problem(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "States.Format('{}')",
        "States.Format('{}', $.a",
        "States.Format('{}', $.a) more",
        "States.MathAdd($.a)",
        "States.UUID(1)",
        "States.Format('{}', a)",
        "States.Nothing()",
        "States.",
        "States.Array(" * 11 + ")" * 11,
    ],
)
def test_what_is_no_function(text):
    assert expression_problem(text)


@pytest.mark.parametrize(
    "machine", [None, [], "x", {"StartAt": "A", "States": {"A": 1}}, {"StartAt": [], "States": {"A": {}}}]
)
def test_what_is_no_machine_is_told_and_nothing_breaks(machine):
    assert faults_of(machine)


@pytest.mark.parametrize("unit", ["[0]", "[?(@)]", "[1:2]", "['a']", "..a", ".a", "[-1,2]"])
def test_a_long_wrong_path_is_refused_at_once(unit):
    text = "$" + unit * 2000 + "!("
    started = time.monotonic()
    assert path_problem(text)
    assert reference_problem(text)
    assert expression_problem(f"States.Format('{{}}', {text})")
    assert time.monotonic() - started < 2


LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 10**9), st.floats(allow_nan=False), st.text("$.{}A '%", max_size=6)
)
KEYS = st.sampled_from(["Next", "Type", "States", "x.$"])
JSON = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(KEYS, inner, max_size=2)),
    max_leaves=4,
)


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[str]:
    """Every path of a document, as `changed` takes it; its own keys hold no slash."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = []
    for key, inner in inside:
        found += ["/".join(map(str, (*path, key))), *paths_of(inner, (*path, key))]
    return found


PLACES = [(machine, path) for machine in (MACHINE, JSONATA) for path in paths_of(machine)]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(PLACES), JSON)
def test_whatever_stands_anywhere_is_judged_and_breaks_nothing(where, value):
    machine, path = where
    for fault in check_machine(changed(machine, path, value)):
        assert fault.message.endswith((".", "?")), str(fault)


@pytest.mark.parametrize("call", FIELDS)
def test_the_fields_of_a_request_are_those_of_its_api(call):
    service, _, action = call.partition(":")
    session = botocore.session.get_session()
    model = session.get_service_model({"states": "stepfunctions"}.get(service, service))
    shape = model.operation_model(action[0].upper() + action[1:]).input_shape
    assert {name[0].upper() + name[1:] for name in shape.members} == FIELDS[call]


@pytest.mark.parametrize(("end", "told"), [("", 1), (".waitForTaskToken", 1), ("Batch", 0)])
def test_the_request_of_a_call_is_checked_in_jsonata_too(end, told):
    task = {"Type": "Task", "Resource": f"arn:aws:states:::sqs:sendMessage{end}", "End": True}
    task["Arguments"] = {"QueueUrl": "u", "Body": "{% $x %}"}
    found = faults_of({"StartAt": "S", "QueryLanguage": "JSONata", "States": {"S": task}})
    assert len(found) == told
    assert all('States.S.Arguments.Body: the request has no field "Body". ' in fault for fault in found)
    task["Arguments"] = "{% $x %}"
    assert faults_of({"StartAt": "S", "QueryLanguage": "JSONata", "States": {"S": task}}) == []
