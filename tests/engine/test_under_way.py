"""What someone else's change still moves is looked at until it has settled, before anything is sent."""

from __future__ import annotations

import dataclasses

import pytest
from fake import FakeAws, VirtualClock, Widget
from way import carry_out, plan

from scrapectl.engine.ownership import APPLIED
from scrapectl.engine.plan import Result
from scrapectl.engine.resource import Desired

WANTED = Desired("widget.a", Widget(name="a"), "things.a")
BIGGER = dataclasses.replace(WANTED, resource=Widget(name="a", size=2))


@pytest.fixture
def aws() -> FakeAws:
    """One that stands, and is being changed by someone for half a minute; the fake refuses changes meanwhile."""
    made = FakeAws(VirtualClock(), settle=3.0)
    carry_out(made, plan(made, [WANTED]))
    made.clock.seconds += 60
    (record,) = made.things.values()
    record.ready_at = made.clock.now() + 30
    made.log.clear()
    return made


def test_it_is_changed_when_it_has_settled(aws):
    begun = aws.clock.now()
    (outcome,) = carry_out(aws, plan(aws, [BIGGER]))
    assert (outcome.result, outcome.error) == (Result.DONE, "")
    assert aws.log == ["update a size", "tag a"]
    assert aws.clock.now() - begun >= 30


def test_it_ends_when_it_has_settled(aws):
    (outcome,) = carry_out(aws, plan(aws, []))
    assert outcome.result is Result.DONE
    assert aws.log == ["delete a"]


def test_one_that_ends_with_the_answer_is_not_taken_for_gone_before_it_was_asked(aws, monkeypatch):
    monkeypatch.setattr(Widget, "gone_at_once", True)
    (outcome,) = carry_out(aws, plan(aws, []))
    assert outcome.result is Result.DONE
    assert aws.log == ["delete a"]


def test_what_was_on_its_way_out_is_made_anew(aws):
    (record,) = aws.things.values()
    record.gone_at = aws.clock.now() + 30
    record.tags[APPLIED] = "v1:"
    (outcome,) = carry_out(aws, plan(aws, [BIGGER]))
    assert (outcome.result, outcome.error) == (Result.DONE, "")
    assert aws.log == ["create a"]
    (record,) = aws.standing().values()
    assert record.properties["size"] == BIGGER.resource.size
