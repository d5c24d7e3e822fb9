"""What must end of itself is waited for, however long that takes: told, interrupted, ended, gone on with."""

from __future__ import annotations

import itertools

import pytest
from fake import FakeAws, VirtualClock, Widget
from way import carry_out, plan

from scrapectl.engine.plan import Event, Outcome, Phase, Result
from scrapectl.engine.resource import Desired, Removal
from scrapectl.errors import AwsError

DAY = 86_400.0
AWAITED = "it waits for the end of the 1 job in it"


@pytest.fixture
def aws() -> FakeAws:
    """A thing that stands, with work in it for a day: its kind's limit is a minute."""
    made = FakeAws(VirtualClock(), settle=3.0)
    carry_out(made, plan(made, [Desired("widget.a", Widget(name="a"), "things.a")]))
    made.clock.seconds += 60
    made.works_until["a"] = made.clock.now() + DAY
    return made


def end(aws: FakeAws, *, looks: float = float("inf"), kill: bool = False) -> tuple[Outcome, list[Event]]:
    """Apply a spec without it; Ctrl-C after so many looks at whether it may go on."""
    count = itertools.count()
    events: list[Event] = []
    made = plan(aws, [])
    may_go_on = lambda: next(count) < looks  # noqa: E731 - it counts
    (outcome,) = carry_out(aws, made, may_go_on=may_go_on, listener=events.append, removal=Removal(kill=kill))
    return outcome, events


def test_work_has_no_limit_and_what_comes_after_it_has(aws):
    begun = aws.clock.now()
    outcome, _ = end(aws)
    assert outcome.result is Result.DONE
    assert aws.clock.now() - begun >= DAY
    assert aws.standing() == {}


def test_what_is_waited_for_is_told_once_with_the_ways_out(aws):
    _, events = end(aws)
    told = [event.text for event in events if event.phase is Phase.WAITING]
    assert told == [f"{AWAITED}; Ctrl-C is safe, --kill ends them"]


def test_an_interrupt_leaves_it_standing_and_the_next_apply_goes_on(aws):
    outcome, _ = end(aws, looks=20)
    assert outcome.result is Result.FAILED
    assert outcome.error == f"it was interrupted; {AWAITED}; the next apply goes on waiting"
    assert ("widget", ("a",)) in aws.standing()
    assert aws.works_until["a"] > aws.clock.now()
    outcome, _ = end(aws)
    assert outcome.result is Result.DONE
    assert aws.standing() == {}


def test_work_that_is_told_to_end_is_waited_for_and_nothing_is_offered(aws):
    begun = aws.clock.now()
    outcome, events = end(aws, kill=True)
    assert outcome.result is Result.DONE
    assert aws.clock.now() - begun < 60
    assert [event.text for event in events if event.phase is Phase.WAITING] == [AWAITED]


def test_it_is_looked_at_again_while_it_works(aws):
    """Somebody else may have ended it meanwhile."""
    count = itertools.count()

    def someone_ends_it() -> bool:
        if next(count) == 20:
            aws.things.clear()
        return True

    begun = aws.clock.now()
    (outcome,) = carry_out(aws, plan(aws, []), may_go_on=someone_ends_it)
    assert outcome.result is Result.DONE
    assert aws.clock.now() - begun < DAY


def test_refused_looks_do_not_add_up(aws):
    """A day holds many: each wait between them begins anew."""
    before = aws.clock.now()
    refused = itertools.count()
    delete = Widget.delete.__func__

    def often_throttled(kind, fake, live, removal):
        if next(refused) % 3:
            raise AwsError("Rate exceeded", service="fake", operation="delete", code="Throttling")
        return delete(kind, fake, live, removal)

    aws.works_until["a"] = before + 3600
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Widget, "delete", classmethod(often_throttled))
        outcome, _ = end(aws)
    assert outcome.result is Result.DONE
    assert aws.clock.now() - before >= 3600
