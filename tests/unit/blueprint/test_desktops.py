"""Desktops: a fleet that may do what is written, in the network, with nothing that leads out of a session."""

from __future__ import annotations

from scrapectl.facts import NetworkFacts
from scrapectl.kinds.security_group import Rule
from tests.unit.blueprint.world import resources, roles, spec_of, wanted

TEXT = """
buckets: {raw: {}}
desktops:
  review: {image: my-image, desired: 2, idle: 10m, longest: 1h, uploads: false, access: {read: [raw/out/]}}
"""


def test_a_fleet_stands_in_the_network_behind_a_group_of_its_own() -> None:
    fleet = resources(spec_of(TEXT), "appstream_fleet")["appstream_fleet.shop-review"]
    assert (fleet.image, fleet.desired, fleet.idle, fleet.longest) == ("my-image", 2, 600, 3600)
    assert (fleet.subnets, fleet.internet) == (("subnet-1", "subnet-2"), True)
    group = resources(spec_of(TEXT), "security_group")["security_group.shop_desktops"]
    assert (group.ingress, group.egress) == (frozenset(), {Rule("tcp", 443, 443, "0.0.0.0/0")})
    assert [ref.address for ref in fleet.security_groups] == ["security_group.shop_desktops"]


def test_its_role_reads_the_named_places_and_is_appstreams_alone() -> None:
    role = roles(spec_of(TEXT))["desktop-review"]
    (trust,) = role.trust.document["Statement"]
    assert trust["Principal"] == {"Service": "appstream.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    assert role.policy is not None
    granted = {action: one["Resource"] for one in role.policy.document["Statement"] for action in one["Action"]}
    assert set(granted) == {"s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"}
    assert granted["s3:GetObject"] == ["arn:aws:s3:::shop-raw-123456789012-us-east-1/out/*"]


def test_a_desktop_that_may_do_nothing_has_no_role() -> None:
    spec = spec_of("desktops: {review: {image: my-image}}")
    assert resources(spec, "appstream_fleet")["appstream_fleet.shop-review"].role is None
    assert roles(spec) == {}


def test_a_stack_streams_from_its_fleet_and_lets_nothing_out() -> None:
    stack = resources(spec_of(TEXT), "appstream_stack")["appstream_stack.shop-review"]
    assert (stack.clipboard, stack.uploads, stack.sealed) == (True, False, True)
    assert str(stack.fleet) == "shop-review"


def test_groups_of_the_users_own_network_are_taken() -> None:
    text = f"network: {{vpc: vpc-0abc1234, subnets: [subnet-0abc1234], security_groups: [sg-0abc1234]}}\n{TEXT}"
    assert "security_group.shop_desktops" in wanted(spec_of(TEXT))
    facts = {"network": NetworkFacts("vpc-0abc1234", ("subnet-0abc1234",), ("sg-0abc1234",), public=False)}
    found = wanted(spec_of(text), **facts)
    assert "security_group.shop_desktops" not in found
    fleet = found["appstream_fleet.shop-review"].resource
    assert (fleet.security_groups, fleet.internet) == (("sg-0abc1234",), False)
