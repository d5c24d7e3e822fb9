"""What stays of a thing that holds data: a snapshot, the thing itself, or nothing, as it was told."""

from __future__ import annotations

import pytest
from fake import Crate, FakeAws, VirtualClock, Widget
from way import carry_out, plan, plan_destroy

from scrapectl.engine.ownership import KEPT
from scrapectl.engine.plan import Action, Result
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref

GROUP = Desired("widget.group", Widget(name="group"), "things.group")


def crate(on_destroy: str, name: str = "crate", size: int = 3) -> Desired:
    """A crate that stands in a group."""
    inside = Ref("widget.group", "arn", "arn:fake:widget:group")
    return Desired("crate.x", Crate(name=name, size=size, link=inside), "things.x", on_destroy=on_destroy)


@pytest.fixture
def aws() -> FakeAws:
    return FakeAws(VirtualClock(), settle=3.0)


def stand(aws: FakeAws, *wanted: Desired) -> None:
    assert all(outcome.result is Result.DONE for outcome in carry_out(aws, plan(aws, wanted)))
    aws.clock.seconds += 60


@pytest.mark.parametrize("delete_data", [True, False])
@pytest.mark.parametrize("with_spec", [True, False])
def test_a_snapshot_is_taken_and_told(aws, with_spec, delete_data):
    wanted = (GROUP, crate("snapshot"))
    stand(aws, *wanted)
    made = plan_destroy(aws, wanted if with_spec else (), delete_data=delete_data)
    assert made.remains == ("crate.x: a snapshot",)
    carry_out(aws, made)
    aws.clock.seconds += 60
    assert aws.standing() == {}
    assert set(aws.snapshots) == {"crate"}


def test_one_that_is_taken_out_of_the_spec_leaves_one_too(aws):
    stand(aws, GROUP, crate("snapshot"))
    made = plan(aws, [GROUP])
    assert [change.action for change in made.changes] == [Action.DELETE]
    assert made.remains == ("crate.x: a snapshot",)


def test_one_that_is_replaced_leaves_one_too(aws):
    stand(aws, GROUP, crate("snapshot"))
    made = plan(aws, [GROUP, crate("snapshot", name="other")])
    assert [change.action for change in made.changes] == [Action.REPLACE]
    assert made.remains == ("crate.x: a snapshot",)
    carry_out(aws, made)
    assert set(aws.snapshots) == {"crate"}


def test_what_the_spec_says_now_outranks_what_was_applied(aws):
    """Also when its end takes several steps, and is looked at between them."""
    stand(aws, GROUP, crate("delete"))
    made = plan_destroy(aws, [GROUP, crate("snapshot")])
    carry_out(aws, made)
    assert set(aws.snapshots) == {"crate"}
    stand(aws, GROUP, crate("snapshot"))
    aws.snapshots.clear()
    carry_out(aws, plan_destroy(aws, [GROUP, crate("delete")]))
    assert aws.snapshots == []


@pytest.mark.parametrize("options", [{}, {"delete_data": True}])
def test_what_is_kept_keeps_what_it_stands_in(aws, options):
    wanted = (GROUP, crate("keep"))
    stand(aws, *wanted)
    made = plan_destroy(aws, **options)
    assert all(change.keep for change in made.changes)
    assert made.remains == (f"crate.x: kept, tagged {KEPT}", f"widget.group: kept, tagged {KEPT}")
    carry_out(aws, made)
    aws.clock.seconds += 60
    assert {key for _, key in aws.standing()} == {("crate",), ("group",)}
    assert plan_destroy(aws).changes == ()
    stand(aws, *wanted)
    assert not any(KEPT in record.tags for record in aws.things.values())


def test_keep_data_keeps_what_would_leave_a_snapshot(aws):
    stand(aws, GROUP, crate("snapshot"))
    made = plan_destroy(aws, keep_data=True)
    assert all(change.keep for change in made.changes)
    assert len(made.changes) == len((GROUP, "crate"))
