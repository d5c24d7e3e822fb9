"""What is deleted and made anew in its place waits for nobody who goes on naming it: a function by its ARN."""

from __future__ import annotations

from fake import FakeAws, VirtualClock, Widget
from way import carry_out, plan

from scrapectl.engine.plan import Result
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref


def wanted(color: str, size: int) -> list[Desired]:
    """Three things, of which the last names the first by way of the second, and by itself in what holds nothing."""
    first = Ref("widget.a", "arn", "arn:fake:widget:a")
    second = Ref("widget.b", "arn", "arn:fake:widget:b")
    return [
        Desired("widget.a", Widget(name="a", color=color), "things.a"),
        Desired("widget.b", Widget(name="b", note=first, size=size), "things.b"),
        Desired("widget.c", Widget(name="c", link=second, note=first if size == 1 else "x", size=size), "things.c"),
    ]


def test_what_is_changed_meanwhile_follows_it():
    aws = FakeAws(VirtualClock(), settle=3.0)
    carry_out(aws, plan(aws, wanted("red", 1)))
    aws.log.clear()
    outcomes = carry_out(aws, plan(aws, wanted("blue", 2)))
    assert {(outcome.result, outcome.error) for outcome in outcomes} == {(Result.DONE, "")}
    writes = [line.split()[:2] for line in aws.log if not line.startswith("tag")]
    assert writes == [["delete", "a"], ["create", "a"], ["update", "b"], ["update", "c"]]
