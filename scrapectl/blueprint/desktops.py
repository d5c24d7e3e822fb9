"""`desktops` → an AppStream fleet each, with its stack, the role that reads what it may, and its security group."""

from __future__ import annotations

from collections.abc import Iterator

from scrapectl.blueprint import access, network
from scrapectl.blueprint.role import make_role, role_ref, trust_of
from scrapectl.blueprint.scope import Scope
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref
from scrapectl.kinds.appstream_fleet import AppstreamFleet
from scrapectl.kinds.appstream_stack import AppstreamStack
from scrapectl.kinds.security_group import Rule, SecurityGroup
from scrapectl.spec import names
from scrapectl.spec.model import Desktop

_WHAT = "desktops"
_HTTPS = 443
_EVERYWHERE = "0.0.0.0/0"


def desired(scope: Scope) -> Iterator[Desired]:
    """Three things for each entry, and one security group for all."""
    if scope.spec.desktops and not scope.facts.network.security_groups:
        group = SecurityGroup(
            name=scope.name(names.SECURITY_GROUP_LIMIT, None, _WHAT),
            vpc=network.vpc(scope),
            description=f"Desktops of {scope.owner}: nothing in, HTTPS out",
            egress=frozenset({Rule("tcp", _HTTPS, _HTTPS, _EVERYWHERE)}),
        )
        yield scope.desire(_group_address(scope), group, scope.spec.network, common=True)
    for desktop in scope.spec.desktops.values():
        yield from _desktop(scope, desktop)


def _desktop(scope: Scope, desktop: Desktop) -> Iterator[Desired]:
    """A fleet with a role that may do nothing has none."""
    leave = access.statements(scope, desktop.access)
    what = f"desktop-{desktop.key}"
    if leave:
        trust = trust_of("appstream.amazonaws.com", {"StringEquals": {"aws:SourceAccount": scope.facts.account}})
        description = f"What the desktops {desktop.key} of {scope.owner} may do"
        yield make_role(scope, what, trust, leave, desktop, description=description)
    name = scope.physical("desktops", desktop.key)
    fleet = AppstreamFleet(
        name=name,
        image=desktop.image,
        instance_type=desktop.instance_type,
        desired=desktop.desired,
        idle=desktop.idle,
        longest=desktop.longest,
        role=role_ref(scope, what) if leave else None,
        subnets=network.job_subnets(scope),
        security_groups=scope.facts.network.security_groups or (Ref(_group_address(scope), "id"),),
        internet=network.is_public(scope),
    )
    yield scope.desire_entry("desktops", desktop, fleet, after=network.ways(scope))
    stack = AppstreamStack(
        name=name,
        clipboard=desktop.clipboard,
        uploads=desktop.uploads,
        fleet=Ref(scope.address("desktops", desktop.key), "name", name),
    )
    yield scope.desire(f"appstream_stack.{scope.base(desktop.key)}", stack, desktop)


def _group_address(scope: Scope) -> str:
    return f"security_group.{scope.base(None, _WHAT)}"
