"""`warehouses` → a cluster of Redshift, or a namespace with its workgroup, and who may connect by the network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scrapectl.blueprint import network
from scrapectl.blueprint.loaders import copy_roles
from scrapectl.blueprint.scope import Scope
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref
from scrapectl.kinds.redshift_cluster import RedshiftCluster
from scrapectl.kinds.redshift_namespace import RedshiftNamespace
from scrapectl.kinds.redshift_subnet_group import RedshiftSubnetGroup
from scrapectl.kinds.redshift_workgroup import RedshiftWorkgroup
from scrapectl.kinds.security_group import Rule, SecurityGroup
from scrapectl.spec import names
from scrapectl.spec.model import Warehouse

_GROUP = "warehouse"
_SUBNETS = {False: "warehouses", True: "public-warehouses"}
_PLACES = {"security_groups": "public"}


def desired(scope: Scope) -> Iterator[Desired]:
    """For each a security group and what it is made of; for clusters a subnet group."""
    ours = [warehouse for warehouse in scope.spec.warehouses.values() if warehouse.existing is None]
    yield from _subnet_groups(scope, [warehouse for warehouse in ours if not warehouse.is_serverless])
    for warehouse in ours:
        yield scope.desire(_security_group_address(scope, warehouse), _security_group(scope, warehouse), warehouse)
        if warehouse.is_serverless:
            yield from _serverless(scope, warehouse)
        else:
            resource = _cluster(scope, warehouse)
            more: dict[str, Any] = {"on_destroy": warehouse.on_destroy, "places": _places(warehouse)}
            yield scope.desire_entry("warehouses", warehouse, resource, **more, after=_after(scope, warehouse))


def _subnet_groups(scope: Scope, clusters: list[Warehouse]) -> Iterator[Desired]:
    """One for all; in a network that is made, where no subnet is both, one more for those reached from outside."""
    for public in dict.fromkeys(_is_apart(scope, cluster) for cluster in clusters):
        first = next(cluster for cluster in clusters if _is_apart(scope, cluster) == public)
        subnets = network.public_subnets(scope) if public else network.private_subnets(scope)
        description = f"Where the warehouses of {scope.owner} stand"
        group = RedshiftSubnetGroup(name=_subnet_group(scope, public), description=description, subnets=subnets)
        yield scope.desire(_subnet_group_address(scope, public), group, first)


def _is_apart(scope: Scope, warehouse: Warehouse) -> bool:
    return scope.spec.network.made is not None and bool(warehouse.public)


def _cluster(scope: Scope, warehouse: Warehouse) -> RedshiftCluster:
    written, apart = warehouse.cluster, _is_apart(scope, warehouse)
    if written is None:
        raise AssertionError(f"{warehouse.key} is no cluster")
    return RedshiftCluster(
        name=scope.physical("warehouses", warehouse.key),
        node_type=written.node_type,
        nodes=written.nodes,
        database=warehouse.database,
        username=warehouse.username,
        subnet_group=Ref(_subnet_group_address(scope, apart), "name", _subnet_group(scope, apart)),
        security_groups=(Ref(_security_group_address(scope, warehouse), "id"),),
        public=bool(warehouse.public),
        roles=copy_roles(scope, warehouse.key),
    )


def _serverless(scope: Scope, warehouse: Warehouse) -> Iterator[Desired]:
    """The data, then what works on it, which holds none: it is kept only with the data."""
    written, name = warehouse.serverless, scope.physical("warehouses", warehouse.key)
    if written is None:
        raise AssertionError(f"{warehouse.key} is not serverless")
    namespace = RedshiftNamespace(
        name=name,
        database=warehouse.database,
        username=warehouse.username,
        roles=copy_roles(scope, warehouse.key),
    )
    address = scope.warehouse_address(warehouse.key, "secret")
    yield scope.desire(address, namespace, warehouse, on_destroy=warehouse.on_destroy, places=_places(warehouse))
    workgroup = RedshiftWorkgroup(
        name=name,
        namespace=Ref(address, "name", name),
        rpus=written.rpus,
        subnets=network.public_subnets(scope) if warehouse.public else network.private_subnets(scope),
        security_groups=(Ref(_security_group_address(scope, warehouse), "id"),),
        public=bool(warehouse.public),
    )
    kept = "keep" if warehouse.on_destroy == "keep" else "delete"
    more: dict[str, Any] = {"on_destroy": kept, "places": _places(warehouse), "after": _after(scope, warehouse)}
    yield scope.desire_entry("warehouses", warehouse, workgroup, **more)


def _security_group(scope: Scope, warehouse: Warehouse) -> SecurityGroup:
    """Let in the networks that the spec names; jobs and functions ask by the Data API, which needs no way in."""
    return SecurityGroup(
        name=scope.name(names.SECURITY_GROUP_LIMIT, warehouse.key, _GROUP),
        vpc=network.vpc(scope),
        description=f"Who may connect to warehouse {warehouse.key} of {scope.owner}",
        ingress=frozenset(Rule("tcp", warehouse.port, warehouse.port, source) for source in warehouse.public),
        egress=frozenset(),
    )


def _after(scope: Scope, warehouse: Warehouse) -> tuple[str, ...]:
    return network.way_out(scope) if warehouse.public else ()


def _places(warehouse: Warehouse) -> dict[str, Any]:
    """Where the spec says what: `serverless.rpus` is the field `rpus`."""
    found = {path.rpartition(".")[2]: place for path, place in warehouse.places.items()}
    return {_PLACES.get(name, name): place for name, place in found.items()}


def _subnet_group(scope: Scope, public: bool) -> str:
    return scope.name(names.SUBNET_GROUP_LIMIT, None, _SUBNETS[public], "-")


def _subnet_group_address(scope: Scope, public: bool) -> str:
    return f"redshift_subnet_group.{scope.base(None, _SUBNETS[public])}"


def _security_group_address(scope: Scope, warehouse: Warehouse) -> str:
    return f"security_group.{scope.base(warehouse.key, _GROUP)}"
