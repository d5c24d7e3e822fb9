"""`databases` → an RDS instance each, who may connect to it, and the schedules that start and stop it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from scrapectl.blueprint import access, network
from scrapectl.blueprint.pipeline import (
    DAY,
    dead_letter_arn,
    dead_letter_ref,
    function_groups,
    host_groups,
    job_groups,
    schedule_group_address,
    schedule_group_arn_of,
)
from scrapectl.blueprint.role import make_role, role_ref, trust_for
from scrapectl.blueprint.scope import Scope
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref
from scrapectl.kinds.rds_instance import RdsInstance
from scrapectl.kinds.rds_subnet_group import RdsSubnetGroup
from scrapectl.kinds.schedule import Schedule
from scrapectl.kinds.security_group import Rule, SecurityGroup
from scrapectl.spec import names
from scrapectl.spec.cron import to_aws
from scrapectl.spec.model import Database

_ROLE = "scheduler-power"
_SUBNETS = "databases"
_PRIVATE_SUBNETS = "private-databases"
_PUBLIC_SUBNETS = "public-databases"
_GROUP = "database"
_PLACES = {
    "class": "instance_class",
    "security_groups": "public",
    "backup": "backup_days",
    "maintenance": "maintenance_window",
}


def desired(scope: Scope) -> Iterator[Desired]:
    """A subnet group for all of them; a security group and an instance for each; schedules and their role."""
    ours = [database for database in scope.spec.databases.values() if database.existing is None]
    yield from _subnet_groups(scope, ours)
    for database in ours:
        yield scope.desire(_security_group_address(scope, database), _security_group(scope, database), database)
        places = {_PLACES.get(path, path): place for path, place in database.places.items() if "." not in path}
        resource = _instance(scope, database)
        after = network.way_out(scope) if database.public else ()
        more: dict[str, Any] = {"on_destroy": database.on_destroy, "places": places, "after": after}
        yield scope.desire_entry("databases", database, resource, **more)
    yield from _power(scope, [database for database in ours if database.power])


def _subnet_groups(scope: Scope, databases: list[Database]) -> Iterator[Desired]:
    """One for all; in a network that is made, where no subnet is both, one for those that are reached from outside.

    They have another name there: a group stays in its VPC, and the plan can say that the databases in it do.
    """
    for what in dict.fromkeys(_group_of(scope, database) for database in databases):
        first = next(database for database in databases if _group_of(scope, database) == what)
        subnets = network.public_subnets(scope) if what == _PUBLIC_SUBNETS else network.private_subnets(scope)
        description = f"Where the databases of {scope.owner} stand"
        group = RdsSubnetGroup(name=_subnet_group(scope, what), description=description, subnets=subnets)
        yield scope.desire(_subnet_group_address(scope, what), group, first)


def _group_of(scope: Scope, database: Database) -> str:
    if scope.spec.network.made is None:
        return _SUBNETS
    return _PUBLIC_SUBNETS if database.public else _PRIVATE_SUBNETS


def _instance(scope: Scope, database: Database) -> RdsInstance:
    what = _group_of(scope, database)
    subnet_group = Ref(_subnet_group_address(scope, what), "name", _subnet_group(scope, what))
    return RdsInstance(
        name=scope.physical("databases", database.key),
        engine=database.engine,
        version=database.version,
        instance_class=database.instance_class,
        storage=database.storage,
        max_storage=database.max_storage,
        database=database.database,
        username=database.username,
        subnet_group=subnet_group,
        security_groups=(Ref(_security_group_address(scope, database), "id"),),
        public=bool(database.public),
        backup_days=database.backup // DAY,
        multi_az=database.multi_az,
        maintenance_window=database.maintenance,
        in_window=database.changes == "window",
        always_up=database.power is None,
    )


def _security_group(scope: Scope, database: Database) -> SecurityGroup:
    """Let in the jobs, functions or hosts, of which one connects, and the networks that the spec names; nothing out."""
    jobs = any(database.key in job.access.connect for job in scope.spec.jobs.values())
    functions = any(database.key in function.access.connect for function in scope.spec.functions.values())
    hosts = any(database.key in host.access.connect for host in scope.spec.hosts.values())
    sources = [
        *(job_groups(scope) if jobs else ()),
        *(function_groups(scope) if functions else ()),
        *(host_groups(scope) if hosts else ()),
        *database.public,
    ]
    return SecurityGroup(
        name=scope.name(names.SECURITY_GROUP_LIMIT, database.key, _GROUP),
        vpc=network.vpc(scope),
        description=f"Who may connect to database {database.key} of {scope.owner}",
        ingress=frozenset(Rule("tcp", database.port, database.port, source) for source in sources),
        egress=frozenset(),
    )


def _power(scope: Scope, databases: list[Database]) -> Iterator[Desired]:
    if not databases:
        return
    arns = [scope.arn("databases", database.key) for database in databases]
    found = [
        access.allow(("rds:StartDBInstance", "rds:StopDBInstance"), arns),
        access.allow(("sqs:SendMessage",), [dead_letter_arn(scope)]),
    ]
    trust = trust_for("scheduler.amazonaws.com", scope, "StringEquals", schedule_group_arn_of(scope))
    description = f"Starts and stops databases of {scope.owner}"
    yield make_role(scope, _ROLE, trust, found, databases[0], description=description)
    for database in databases:
        for verb in ("start", "stop"):
            address = f"schedule.{scope.base(database.key, verb)}"
            wanted = scope.desire(
                address, _schedule(scope, database, verb), database, after=(schedule_group_address(scope),)
            )
            places = {"expression": database.place_of(f"power.{verb}"), "timezone": database.place_of("power.timezone")}
            where = database.place_of(f"power.{verb}")
            origin = f"{database.origin}.power.{verb}"
            yield dataclasses.replace(wanted, tags={}, where=where, places=places, origin=origin)


def _schedule(scope: Scope, database: Database, verb: str) -> Schedule:
    power = database.power
    if power is None:
        raise AssertionError(f"{database.key} has no power schedule")
    return Schedule(
        group=scope.owner,
        name=names.schedule_name(database.key, verb),
        expression=to_aws("cron", power.start if verb == "start" else power.stop),
        timezone=power.timezone,
        target_arn=f"arn:{scope.facts.partition}:scheduler:::aws-sdk:rds:{verb}DBInstance",
        role_arn=role_ref(scope, _ROLE),
        input={"DbInstanceIdentifier": scope.ref("databases", database.key, "name")},
        retries=3,
        within_seconds=3600,
        dead_letter=dead_letter_ref(scope),
    )


def _subnet_group(scope: Scope, what: str) -> str:
    return scope.name(names.SUBNET_GROUP_LIMIT, None, what, "-")


def _subnet_group_address(scope: Scope, what: str) -> str:
    return f"rds_subnet_group.{scope.base(None, what)}"


def _security_group_address(scope: Scope, database: Database) -> str:
    return f"security_group.{scope.base(database.key, _GROUP)}"
