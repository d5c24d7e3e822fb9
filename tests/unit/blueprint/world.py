"""Facts of an account for tests of the blueprint: no AWS, only what it would have answered."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from scrapectl.blueprint import blueprint
from scrapectl.engine.resource import Desired
from scrapectl.facts import Facts, NetworkFacts
from scrapectl.kinds.iam_role import IamRole
from scrapectl.spec import check_text
from scrapectl.spec.model import Spec

ACCOUNT, REGION = "123456789012", "us-east-1"
FACTS = Facts(ACCOUNT, "aws", REGION, NetworkFacts("vpc-1", ("subnet-1", "subnet-2")))


def spec_of(text: str, **options: Any) -> Spec:
    """A spec from the lines below `version`, `pipeline: shop` and `region`."""
    return check_text(f"version: 1\npipeline: shop\nregion: {REGION}\n{text}", folder=Path(), env={}, **options)


def facts_for(spec: Spec, **facts: Any) -> Facts:
    """Facts in which every folder has been hashed."""
    tags = {key: "src-0123" for key, image in spec.images.items() if image.build}
    facts = {"network": made_network(spec), "existing": of_others(spec), **facts}
    return dataclasses.replace(FACTS, image_tags=tags, region=spec.region or REGION, **facts)


def of_others(spec: Spec) -> dict[tuple[str, str], dict[str, str]]:
    """What AWS would tell of buckets, databases and warehouses that are not ours."""
    entries = [*spec.buckets.values(), *spec.databases.values(), *spec.warehouses.values()]
    outputs = ("name", "arn", "endpoint", "port", "database", "secret")
    told = {output: f"their-{output}" for output in outputs}
    theirs = [tuple(entry.origin.split(".")) for entry in entries if entry.existing is not None]
    return dict.fromkeys(theirs, told)


def made_network(spec: Spec) -> NetworkFacts:
    """What is known of a network that is yet to be made: the zones that it will have."""
    made = spec.network.made
    if made is None:
        return FACTS.network
    return NetworkFacts(None, (), zones=tuple(f"{spec.region or REGION}{letter}" for letter in "abc"[: made.zones]))


def wanted(spec: Spec, **facts: Any) -> dict[str, Desired]:
    """What a spec wants, by address."""
    found = blueprint(spec, facts_for(spec, **facts))
    assert len({desired.address for desired in found}) == len(found), "two things have one address"
    return {desired.address: desired for desired in found}


def resources(spec: Spec, kind: str, **facts: Any) -> dict[str, Any]:
    """The resources of one kind, by address."""
    return {a: d.resource for a, d in wanted(spec, **facts).items() if d.resource.kind == kind}


def roles(spec: Spec, **facts: Any) -> dict[str, IamRole]:
    """The roles that a spec wants, by what they are for: `job-1a2b3c`, `start-…`, `scheduler`."""
    return {
        address.partition("_")[2].partition("_")[2]: r for address, r in resources(spec, "iam_role", **facts).items()
    }
