"""Every kind's whole life: made, changed in every field, changed back, listed, ended, made again."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import pytest

from scrapectl.engine.marks import Mark, compared_fields, marks
from scrapectl.engine.ownership import owner_of, wanted_tags
from scrapectl.engine.resource import Desired, Removal, Resource
from scrapectl.kinds import KINDS
from tests.contract.bench import Bench, open_bench
from tests.contract.cases import Case, Together
from tests.contract.every_case import CASES, VARIANTS

OWNER, NEIGHBOUR = "shop", "shop-eu"


@functools.cache
def lived(name: str) -> Bench:
    """Put a kind through its life, once for all tests that look at it."""
    with open_bench() as bench:
        case = (CASES | VARIANTS)[name]
        neighbour = case.make(bench, NEIGHBOUR)
        want = case.make(bench, OWNER)
        bench.put(neighbour, NEIGHBOUR)
        make(bench, case, want)
        want = change_every_field(bench, case, want)
        change_tags(bench, case, want)
        is_listed(bench, want, neighbour)
        end(bench, case, want)
        assert bench.difference(neighbour) == set()
        bench.cloud.clock.advance(120)  # its name has rested
        bench.put(want, OWNER)
        assert bench.difference(want) == set()
        return bench


def cases_of(kind: str) -> dict[str, Case]:
    return {kind: CASES[kind]} | {name: case for name, case in VARIANTS.items() if name.split()[0] == kind}


@pytest.mark.parametrize("name", [*KINDS, *VARIANTS])
def test_life(name: str):
    assert lived(name).calls


@pytest.mark.parametrize("verb", ["read", "create", "update", "delete", "owned"])
@pytest.mark.parametrize("name", KINDS)
def test_needs_are_the_actions_of_what_was_sent(name: str, verb: str):
    needs = set(getattr(KINDS[name].needs, verb))
    implied = CASES[name].implied.get(verb, frozenset())
    assert implied <= needs
    sent = set().union(*(lived(one).actions(verb) for one in cases_of(name)))
    given = {action for actions in KINDS[name].needs.given.values() for action in actions}
    assert needs - implied <= sent <= needs | (given if verb in {"create", "update"} else set())


def make(bench: Bench, case: Case, want: Resource) -> None:
    assert bench.read(want) is None
    with bench.verb("create"):
        answer = want.create(bench.aws, wanted_tags(Desired(f"{want.kind}.x", want, "x"), OWNER))
    live = bench.settled(want)
    assert live is not None
    assert bench.difference(want) == case.later
    assert {"arn", "name"} <= live.outputs.keys()
    if want.carries_tags:
        assert owner_of(live) == OWNER
    if answer is not None:
        assert answer == dataclasses.replace(live, resource=answer.resource), "what create says is not what is read"
    bench.put(want, OWNER)


def change_every_field(bench: Bench, case: Case, want: Resource) -> Resource:
    """Change each field, then all of them back, as far as AWS does; what is wanted from then on."""
    changed = want
    for field, value in case.changes.items():
        others = changed_to(field, value(bench))
        changed = dataclasses.replace(changed, **others)
        assert bench.difference(changed) == set(others)
        bench.put(changed, OWNER)
        assert bench.difference(changed) == set()
    if case.changes:
        assert bench.difference(want) >= set(case.changes)
    want = dataclasses.replace(want, **{field: getattr(changed, field) for field in case.one_way})
    bench.put(want, OWNER)
    assert bench.difference(want) == set()
    for field, tamper in case.tampers.items():
        tamper(bench, want)
        assert bench.difference(want) == {field}
        bench.put(want, OWNER)
        assert bench.difference(want) == set()
    return want


def changed_to(field: str, value: Any) -> dict[str, Any]:
    return value if isinstance(value, Together) else {field: value}


def change_tags(bench: Bench, case: Case, want: Resource) -> None:
    if not want.carries_tags or not case.user_tags:
        return
    type(want).retag(bench.aws, bench.put(want, OWNER), {"theirs": "stays"}, ())
    assert bench.put(want, OWNER, {"team": "mobility"}).tags["team"] == "mobility"
    without = bench.put(want, OWNER).tags
    assert "team" not in without
    assert without["theirs"] == "stays"


def is_listed(bench: Bench, want: Resource, neighbour: Resource) -> None:
    kind = type(want)
    if not kind.carries_tags:
        return
    found = bench.listed(kind, OWNER)
    assert want.key() in found
    assert neighbour.key() not in found
    assert bench.listed(kind, NEIGHBOUR) == {neighbour.key()}
    assert bench.listed(kind, "sho") == set()


def end(bench: Bench, case: Case, want: Resource) -> None:
    live = bench.settled(want)
    assert live is not None
    case.fill(bench, want)
    with bench.verb("delete"):
        type(want).contents(bench.aws, live)
    if case.end is None:
        bench.end(want)
    else:
        case.end(bench, want)
    assert bench.read(want) is None
    type(want).delete(bench.aws, live, Removal(delete_data=True))
    assert bench.read(want) is None


@pytest.mark.parametrize("name", KINDS)
def test_every_field_that_may_change_is_changed(name: str):
    kind = KINDS[name]
    may_change = {field for field in compared_fields(kind) if Mark.FIXED not in marks(kind)[field]}
    changed = set().union(*(case.changes.keys() | case.tampers.keys() for case in cases_of(name).values()))
    assert changed == may_change
