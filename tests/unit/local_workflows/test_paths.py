"""Paths, intrinsic functions and choices as the Amazon States Language has them."""

import hashlib

import pytest

from scrapectl.local.workflows.choices import next_of
from scrapectl.local.workflows.failure import StateFailure
from scrapectl.local.workflows.paths import NoSuchPathError, find, place
from scrapectl.local.workflows.payloads import Scene

DATA = {"a": [{"n": 1, "on": True}, {"n": 2}, {"n": 3}], "b c": {"in/": "x"}, "t": "2026-03-01T00:00:00Z", "none": None}


def scene(data=None, **variables):
    return Scene(DATA if data is None else data, {"Execution": {"Name": "one"}}, variables, "")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("", DATA),
        (".a[0].n", 1),
        (".a[-1].n", 3),
        ("['b c']['in/']", "x"),
        ('["b c"]', {"in/": "x"}),
        (".a[*].n", [1, 2, 3]),
        (".a[0:2].n", [1, 2]),
        (".a[0,2].n", [1, 3]),
        ("..n", [1, 2, 3]),
        (".a[?(@.n > 1)].n", [2, 3]),
        (".a[?(@.on)].n", [1]),
        (".a[?(@.n == 1 || @.n == 3)].n", [1, 3]),
        (".a[?(@.n >= 2 && @.n != 3)].n", [2]),
        ("['t','none']", ["2026-03-01T00:00:00Z", None]),
        (".a[?(@.n > 7)]", []),
        (".none", None),
    ],
)
def test_a_path_finds(path, value):
    assert find(path, DATA) == value


@pytest.mark.parametrize("path", [".z", ".a[3]", ".t.x", ".a.n", "[0]"])
def test_a_path_to_one_place_must_find_it(path):
    with pytest.raises(NoSuchPathError):
        find(path, DATA)


def test_a_part_is_placed_in_a_copy():
    before = {"a": {"b": 1}}
    assert place(".a.c.d", before, 2) == {"a": {"b": 1, "c": {"d": 2}}}
    assert before == {"a": {"b": 1}}
    assert place("", before, 3) == 3
    assert place("['x y']", {}, 1) == {"x y": 1}
    with pytest.raises(NoSuchPathError):
        place(".a.b.c", before, 2)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$.a[1].n", 2),
        ("$$.Execution.Name", "one"),
        ("$known.x", 5),
        (
            "States.Format('{}: {} \\{\\} \\'{}\\'', $$.Execution.Name, $.a[0], 1.5)",
            'one: {"n":1,"on":true} {} \'1.5\'',
        ),
        ("States.Format($.template, 'x')", "<x>"),
        ("States.Array($.a[0].n, 'x', null, true)", [1, "x", None, True]),
        ("States.ArrayPartition($.a[*].n, 2)", [[1, 2], [3]]),
        ("States.ArrayContains($.a[*].n, 3)", True),
        ("States.ArrayRange(1, 9, 4)", [1, 5, 9]),
        ("States.ArrayGetItem($.a, 1)", {"n": 2}),
        ("States.ArrayLength(States.Array(1, 2))", 2),
        ("States.ArrayUnique(States.Array(1, 1, 'a'))", [1, "a"]),
        ("States.Base64Decode(States.Base64Encode('ü'))", "ü"),
        ("States.Hash('a', 'SHA-256')", hashlib.sha256(b"a").hexdigest()),
        ("States.JsonMerge($.a[0], $.a[1], false)", {"n": 2, "on": True}),
        ("States.JsonToString($.a[1])", '{"n":2}'),
        ("States.StringToJson('[1]')", [1]),
        ("States.MathAdd($.a[2].n, -5)", -2),
        ("States.StringSplit('a,b;c', ',;')", ["a", "b", "c"]),
        ("States.ArrayLength($['b c']['x, y)'])", 2),
    ],
)
def test_computed(text, value):
    data = {**DATA, "template": "<{}>", "b c": {"x, y)": [1, 2]}}
    assert scene(data, known={"x": 5}).computed(text, "x.$") == value


def test_random_numbers_and_ids():
    some = scene()
    assert some.computed("States.MathRandom(1, 9, 4)", "x.$") == some.computed("States.MathRandom(1, 9, 4)", "x.$")
    assert some.computed("States.UUID()", "x.$") != some.computed("States.UUID()", "x.$")


@pytest.mark.parametrize(
    "text",
    [
        "States.ArrayGetItem($.a, 9)",
        "States.MathAdd('a', 1)",
        "States.JsonMerge($.a[0], $.a[1], true)",
        "States.Format('{}')",
    ],
)
def test_what_has_no_value_is_an_intrinsic_failure(text):
    with pytest.raises(StateFailure) as raised:
        scene().computed(text, "x.$")
    assert raised.value.error == "States.IntrinsicFailure"


def rule(test, data=None):
    return next_of({"Choices": [{**test, "Next": "yes"}], "Default": "no"}, scene(data))["Next"] == "yes"


@pytest.mark.parametrize(
    ("test", "holds"),
    [
        ({"Variable": "$.a[0].n", "NumericEquals": 1}, True),
        ({"Variable": "$.a[0].n", "NumericLessThanEquals": 0.5}, False),
        ({"Variable": "$.a[0].on", "NumericEquals": 1}, False),
        ({"Variable": "$.t", "StringGreaterThan": "2025"}, True),
        ({"Variable": "$.t", "StringMatches": "2026-*Z"}, True),
        ({"Variable": "$.t", "StringMatches": "2026-\\*Z"}, False),
        ({"Variable": "$.t", "TimestampLessThan": "2026-03-01T02:00:00+01:00"}, True),
        ({"Variable": "$.t", "IsTimestamp": True}, True),
        ({"Variable": "$.z", "IsPresent": False}, True),
        ({"Variable": "$.none", "IsNull": True}, True),
        ({"Variable": "$.none", "IsString": True}, False),
        ({"Variable": "$.a[0].on", "BooleanEquals": True}, True),
        ({"Variable": "$.a[1].n", "NumericGreaterThanPath": "$.a[0].n"}, True),
        ({"And": [{"Variable": "$.a", "IsPresent": True}, {"Not": {"Variable": "$.z", "IsPresent": True}}]}, True),
        ({"Or": [{"Variable": "$.z", "IsPresent": True}, {"Variable": "$.t", "IsNumeric": True}]}, False),
    ],
)
def test_a_rule_holds(test, holds):
    assert rule(test) is holds


def test_a_rule_that_asks_for_what_is_not_there_fails():
    with pytest.raises(StateFailure) as raised:
        rule({"Variable": "$.z", "NumericEquals": 1})
    assert raised.value.error == "States.Runtime"
