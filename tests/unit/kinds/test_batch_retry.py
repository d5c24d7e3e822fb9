"""The spec's retry words become Batch's conditions, and come back."""

from __future__ import annotations

import pytest

from scrapectl.kinds.batch_retry import conditions, words


def test_without_words_every_failure_is_retried():
    assert conditions(None, "FARGATE") == []
    assert words([], "FARGATE") is None


def test_words_end_with_a_condition_that_ends_the_job():
    assert conditions(("spot", "pull", "memory", "exit:1*"), "FARGATE") == [
        {"onStatusReason": "Your Spot Task was interrupted*", "action": "RETRY"},
        {"onReason": "CannotPullContainerError:*", "action": "RETRY"},
        {"onReason": "OutOfMemory*", "action": "RETRY"},
        {"onExitCode": "1*", "action": "RETRY"},
        {"onReason": "*", "action": "EXIT"},
    ]


def test_an_instance_that_is_reclaimed_has_words_of_its_own():
    assert conditions(("spot",), "EC2")[0] == {"onStatusReason": "Host EC2*", "action": "RETRY"}
    assert words(conditions(("spot",), "FARGATE"), "EC2") != ("spot",)


@pytest.mark.parametrize("runs_on", ["FARGATE", "EC2"])
@pytest.mark.parametrize("given", [None, (), ("spot",), ("exit:137", "spot"), ("pull", "memory", "exit:1*", "exit:2")])
def test_words_come_back(given, runs_on):
    assert words(conditions(given, runs_on), runs_on) == given


def test_batch_may_answer_actions_in_lower_case():
    entries = [{**entry, "action": entry["action"].lower()} for entry in conditions(("spot",), "FARGATE")]
    assert words(entries, "FARGATE") == ("spot",)


@pytest.mark.parametrize(
    "entries",
    [
        [{"onExitCode": "1", "action": "RETRY"}],
        [{"onExitCode": "1", "onReason": "x", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}],
        [{"onExitCode": "1", "action": "EXIT"}, {"onReason": "*", "action": "EXIT"}],
    ],
)
def test_another_hands_conditions_are_like_no_words(entries):
    assert words(entries, "FARGATE") not in (None, ("exit:1",), ("exit:1", "exit:1"))
