"""Planner cases as data: what stood, what moved, what is wanted now → the lines of the plan (`cases.yaml`, no AWS)."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scrapectl.blueprint import blueprint
from scrapectl.engine.aim import Aim
from scrapectl.engine.ownership import ADDRESS, KEPT, PIPELINE, wanted_tags
from scrapectl.engine.plan import Plan
from scrapectl.engine.planner import make_destroy_plan, make_plan
from scrapectl.engine.resource import Desired, Live, Status
from scrapectl.engine.values import Ref, refs, resolve
from scrapectl.engine.world import Thing, World
from scrapectl.facts import Facts, NetworkFacts
from scrapectl.kinds import KINDS
from scrapectl.kinds.rds_instance import db_instance_arn
from scrapectl.kinds.rds_subnet_group import subnet_group_arn
from scrapectl.spec import check_text

CASES = yaml.safe_load(Path(__file__).with_name("cases.yaml").read_text(encoding="utf-8"))
FACTS = Facts("123456789012", "aws", "us-east-1", NetworkFacts("vpc-1", ("subnet-1", "subnet-2")))
HEAD = "version: 1\npipeline: shop\nregion: us-east-1\n"


def desired_of(text: str | None, facts: dict[str, Any]) -> list[Desired]:
    """What a spec wants; no spec wants nothing."""
    if text is None:
        return []
    spec = check_text(HEAD + text, env={})
    tags = {key: facts.get("image_tags", {}).get(key, "src-1") for key in spec.images}
    secrets = facts.get("secret_values", {})
    return blueprint(spec, dataclasses.replace(FACTS, image_tags=tags, secret_values=secrets))


def outputs_of(desired: Desired, named: dict[str, dict[str, str]]) -> dict[str, str]:
    """What AWS would answer: the texts that names determine, else something that names the thing alone."""
    made = {output: f"{output} of {desired.address}" for output in ("arn", "id", "url", "uri", "endpoint")}
    arn_of = {"rds_instance": db_instance_arn, "rds_subnet_group": subnet_group_arn}.get(desired.resource.kind)
    if arn_of is not None:  # an instance names its group without its ARN
        made["arn"] = arn_of("aws", FACTS.region, FACTS.account, desired.resource.key()[-1])
    return {"name": desired.resource.key()[-1], **made, **named.get(desired.address, {})}


def stands(wanted: list[Desired]) -> dict[Thing, Live]:
    """The world just after everything wanted was applied."""
    named: dict[str, dict[str, str]] = {}
    for ref in (ref for desired in wanted for ref in refs(desired.resource) if ref.value is not None):
        named.setdefault(ref.address, {})[ref.output] = str(ref.value)
    known = {desired.address: outputs_of(desired, named) for desired in wanted}

    def lookup(ref: Ref) -> str | None:
        return known[ref.address][ref.output]

    world = {}
    for desired in wanted:
        resource = resolve(desired.resource, lookup)
        tags = wanted_tags(dataclasses.replace(desired, resource=resource), "shop")
        world[resource.kind, resource.key()] = Live(resource, known[desired.address], tags, detail=(1,))
    return world


def moved(world: dict[Thing, Live], moves: dict[str, dict[str, Any]]) -> World:
    """What happened to things since, by address."""
    contents: dict[Thing, int] = {}
    by_address = {live.tags[ADDRESS]: thing for thing, live in world.items()}
    for address, move in moves.items():
        thing = by_address[address]
        live, tags = world[thing], dict(world[thing].tags)
        if move.get("gone"):
            del world[thing]
            continue
        contents[thing] = move.get("contents", 0)
        if "owner" in move:
            tags = {PIPELINE: move["owner"]} if move["owner"] else {}
        tags |= {KEPT: "true"} if move.get("kept") else {}
        tags |= move.get("tags", {})
        resource = dataclasses.replace(live.resource, **move.get("fields", {}))
        status = Status(move.get("status", "READY"))
        world[thing] = dataclasses.replace(
            live, resource=resource, tags=tags, status=status, reason=move.get("reason", "")
        )
    return World(world, {thing: count for thing, count in contents.items() if count})


def lines(plan: Plan) -> list[str]:
    """The plan as the cases write it: `*` stands for the digits by which access names a role."""
    return [re.sub(r"_(job|start)-[0-9a-f]{6}", r"_\1-*", line) for line in _lines(plan)]


def _lines(plan: Plan) -> Iterator[str]:
    for change in plan.changes:
        fields = [f.name + (" (drift)" if f.drift else "") + (" (unknown)" if f.unknown else "") for f in change.fields]
        shown = f": {', '.join(fields)}" if fields and change.action in {"update", "replace"} else ""
        yield f"{change.action} {change.address}{shown}{' (kept)' if change.keep else ''}"


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_plan(case: dict[str, Any]) -> None:
    world = moved(stands(desired_of(case.get("stood"), case.get("facts_then", {}))), case.get("moved", {}))
    aim = Aim("shop", None, FACTS.account, FACTS.region, KINDS, **case.get("options", {}))
    if case.get("destroy"):
        plan = make_destroy_plan(desired_of(case.get("wanted"), case.get("facts", {})), world, aim)
    else:
        plan = make_plan(desired_of(case["wanted"], case.get("facts", {})), world, aim)
    assert lines(plan) == case.get("plan", [])
    assert [problem.message for problem in plan.refusals] == case.get("refusals", [])
    assert list(plan.notes) == case.get("notes", [])
    assert list(plan.remains) == case.get("remains", [])
