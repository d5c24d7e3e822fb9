"""A machine as a Mermaid state diagram: ours, and the user's own with everything that could break the drawing."""

from __future__ import annotations

from scrapectl.blueprint.workflow import compile_workflow, mermaid
from tests.unit.blueprint.workflow.steps import given, parallel, run, wait, workflow


def test_a_small_workflow_is_drawn_whole():
    steps = (run("a"), parallel((wait(5),), (wait(6),)))
    machine = compile_workflow(workflow(*steps), given(*steps, topic=None))
    assert (
        mermaid(machine)
        == """stateDiagram-v2
    state "run a" as s1
    state "run a: failed" as s2
    state "parallel wait 5s, wait 6s" as s3
    state s3 {
        state "wait 5s" as s8
        state "parallel wait 5s, wait 6s 1: done" as s9
        [*] --> s8
        s8 --> s9
        s9 --> [*]
        --
        state "wait 6s" as s10
        state "parallel wait 5s, wait 6s 2: done" as s11
        [*] --> s10
        s10 --> s11
        s11 --> [*]
    }
    state "parallel wait 5s, wait 6s: failed" as s4
    state "done" as s5
    state "failed" as s6
    state "fail" as s7
    [*] --> s1
    s1 --> s3
    s1 --> s2 : failed
    s2 --> s6
    s3 --> s5
    s3 --> s4 : failed
    s4 --> s6
    s5 --> [*]
    s6 --> s7
    s7 --> [*]
"""
    )


def test_choices_maps_and_ends_of_the_users_own_are_drawn():
    rules = [
        {"Variable": "$.a.size", "NumericGreaterThanEquals": 3, "Next": "Each"},
        {"And": [{"Variable": "$.b", "IsPresent": False}, {"Variable": "$.c", "StringMatches": "x*"}], "Next": "End"},
        {"Not": {"Variable": "$.d", "BooleanEquals": True}, "Next": "End"},
        {"Condition": "{% $x > 1 %}", "Next": "End"},
    ]
    inner = {"StartAt": "One", "States": {"One": {"Type": "Pass", "End": True}}}
    drawn = mermaid(
        {
            "StartAt": "Ask",
            "States": {
                "Ask": {"Type": "Choice", "Choices": rules, "Default": "End"},
                "Each": {"Type": "Map", "ItemProcessor": inner, "End": True},
                "End": {"Type": "Succeed"},
            },
        }
    ).splitlines()
    for line in (
        "    s1 --> s2 : size ≥ 3",
        "    s1 --> s3 : b is not present and c like x*",
        "    s1 --> s3 : not d = True",
        "    s1 --> s3 : % $x 1 %",
        "    s1 --> s3 : else",
        "    s2 --> [*]",
        "    state s2 {",
        "        s4 --> [*]",
    ):
        assert line in drawn


def test_no_name_breaks_out_of_the_drawing():
    hostile = 'a" as s9\n    [*] --> s9; #quot; \x1b[2J'
    machine = {"StartAt": hostile, "States": {hostile: {"Type": "Pass", "Next": "gone"}}}
    assert mermaid(machine) == ('stateDiagram-v2\n    state "a as s9 [*] --> s9 quot [2J" as s1\n    [*] --> s1\n')
