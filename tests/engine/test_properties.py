"""For any two specs, any lag, any order and any failing call: the same end."""

from __future__ import annotations

from fake import Crate, FakeAws, Gadget, VirtualClock, Widget
from hypothesis import given, settings
from hypothesis import strategies as st
from way import carry_out, plan, plan_destroy

from scrapectl.engine.plan import Result
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref

NAMES = ("a", "b", "c", "d", "e", "f")


@st.composite
def specs(draw: st.DrawFn) -> list[Desired]:
    """Some things; each may name those before it, by a reference that is known or is not."""
    wanted: list[Desired] = []
    colours: dict[str, str] = {}
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=6)):
        kind = draw(st.sampled_from((Widget, Gadget, Crate)))
        before = [d for d in wanted if d.resource.kind == "widget" or kind is not Widget]
        linked = draw(st.lists(st.sampled_from(before), unique_by=lambda d: d.address, max_size=3)) if before else []
        known = draw(st.booleans())
        arns = [
            Ref(d.address, "arn", f"arn:fake:{d.resource.kind}:{d.resource.key()[0]}" if known else None)
            for d in linked
        ]
        colour = draw(st.sampled_from(("red", "blue")))
        colours[name] = colour
        physical = f"{name}-{colour}" if kind is Gadget else name
        resource = kind(
            name=f"{kind.kind}-{physical}",
            size=draw(st.integers(1, 3)),
            color=colour if kind is Gadget else "red",
            link=arns[0] if arns else None,
            others=tuple(arns[1:]),
            token=draw(st.sampled_from((None, "secret-1", "secret-2"))),
        )
        tags = draw(st.dictionaries(st.sampled_from(("team", "cost")), st.sampled_from(("x", "y")), max_size=2))
        wanted.append(Desired(f"{kind.kind}.{name}", resource, f"things.{name}", tags=tags))
    return wanted


def fresh(lag: float = 0.0, settle: float = 0.0) -> FakeAws:
    return FakeAws(VirtualClock(), lag=lag, settle=settle)


def done(outcomes: object) -> bool:
    assert isinstance(outcomes, tuple)
    return all(outcome.result is Result.DONE for outcome in outcomes)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(specs(), specs(), st.integers(0, 9), st.sampled_from([0.0, 3.0]), st.sampled_from([0.0, 5.0]))
def test_any_spec_then_any_other_ends_as_wanted(first, second, seed, lag, settle):
    aws = fresh(lag, settle)
    for wanted in (first, second):
        assert done(carry_out(aws, plan(aws, wanted, delete_data=True), seed))
        aws.clock.seconds += 60
        assert plan(aws, wanted, delete_data=True).changes == ()
        assert {address.key() for address in (d.resource for d in wanted)} == {key for _, key in aws.standing()}
    assert done(carry_out(aws, plan_destroy(aws, delete_data=True), seed))
    aws.clock.seconds += 60
    assert aws.standing() == {}


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    specs(),
    specs(),
    st.integers(0, 9),
    st.dictionaries(
        st.integers(1, 12), st.sampled_from(("throttle", "refuse", "lose before", "lose after")), max_size=3
    ),
    st.sampled_from([0.0, 3.0]),
)
def test_failing_calls_are_mended_by_another_apply(first, second, seed, faults, settle):
    aws = fresh(settle=settle)
    carry_out(aws, plan(aws, first), seed)
    aws.clock.seconds += 60
    aws.writes, aws.faults = 0, dict(faults)
    carry_out(aws, plan(aws, second, delete_data=True), seed)
    aws.clock.seconds += 60
    aws.faults = {}
    assert done(carry_out(aws, plan(aws, second, delete_data=True), seed))
    aws.clock.seconds += 60
    assert plan(aws, second, delete_data=True).changes == ()
    assert {d.resource.key() for d in second} == {key for _, key in aws.standing()}


@settings(max_examples=100, deadline=None, derandomize=True)
@given(specs(), st.integers(0, 9), st.integers(0, 12))
def test_an_interrupted_apply_is_mended_by_another(wanted, seed, allowed):
    aws = fresh(settle=3.0)
    outcomes = carry_out(aws, plan(aws, wanted), seed, may_go_on=lambda: aws.writes < allowed)
    assert all(outcome.result is Result.DONE or outcome.error for outcome in outcomes)
    aws.clock.seconds += 60
    assert done(carry_out(aws, plan(aws, wanted), seed))
    aws.clock.seconds += 60
    assert plan(aws, wanted).changes == ()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(specs(), st.integers(0, 9), st.integers(0, 12))
def test_an_interrupted_apply_tells_as_done_what_it_has_made(wanted, seed, allowed):
    aws = fresh()
    outcomes = carry_out(aws, plan(aws, wanted), seed, may_go_on=lambda: aws.writes < allowed)
    told = {(o.change.kind, o.change.key) for o in outcomes if o.result is Result.DONE}
    assert told == set(aws.standing())


@settings(max_examples=60, deadline=None, derandomize=True)
@given(specs(), st.integers(0, 9))
def test_lost_answers_make_no_duplicates(wanted, seed):
    aws = fresh()
    aws.faults = dict.fromkeys(range(1, 40, 2), "lose after")
    assert done(carry_out(aws, plan(aws, wanted), seed))
    assert aws.made == len(wanted)
    assert plan(aws, wanted).changes == ()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(specs(), st.integers(0, 9))
def test_a_neighbours_things_are_never_touched(wanted, seed):
    aws = fresh()
    carry_out(aws, plan(aws, wanted), seed)
    for record in aws.things.values():
        record.tags["scrapectl:pipeline"] = "shop-eu"
    before = {thing: dict(record.properties) for thing, record in aws.things.items()}
    made = plan(aws, wanted, delete_data=True)
    assert len(made.refusals) == len(wanted)
    assert made.changes == ()
    assert plan_destroy(aws).changes == ()
    assert {thing: dict(record.properties) for thing, record in aws.things.items()} == before
