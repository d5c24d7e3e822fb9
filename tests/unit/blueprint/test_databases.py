"""Databases become instances that only those in need may reach, with the hours they are up."""

from __future__ import annotations

from typing import Any

from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref, refs
from scrapectl.facts import NetworkFacts
from scrapectl.kinds.security_group import Rule
from tests.unit.blueprint.world import ACCOUNT, REGION, roles, spec_of, wanted

RESULTS = "databases: {results: {engine: postgres, version: '16'%s}}\n"
COLLECT = "jobs: {collect: {image: x, access: {connect: [results]}%s}}\n"
POWER = ", power: {start: '30 2 * * ? *', stop: '30 6 * * ? *', timezone: America/New_York}"
ADDRESS = "rds_instance.shop-results"


def database(more: str = "", job: str = "", **facts: Any) -> dict[str, Desired]:
    return wanted(spec_of(RESULTS % more + COLLECT % job), **facts)


def test_database_is_private_encrypted_and_its_password_is_made_by_aws() -> None:
    instance: Any = database()[ADDRESS].resource
    assert (instance.public, instance.encrypted, instance.managed_password) == (False, True, True)
    assert (instance.name, instance.database, instance.backup_days) == ("shop-results", "results", 7)


def test_only_jobs_that_connect_are_let_in_and_nothing_out() -> None:
    group: Any = database()["security_group.shop-results_database"].resource
    assert group.ingress == {Rule("tcp", 5432, 5432, Ref("security_group.shop_jobs", "id"))}
    assert group.egress == frozenset()
    alone: Any = wanted(spec_of(RESULTS % "" + "jobs: {collect: {image: x}}\n"))["security_group.shop-results_database"]
    assert alone.resource.ingress == frozenset()


def test_given_security_groups_and_public_networks_are_let_in() -> None:
    network = NetworkFacts("vpc-1", ("subnet-1", "subnet-2"), ("sg-1",), public=True, zones=("a", "b"))
    found = database(", public: [203.0.113.0/24]", network=network)
    group: Any = found["security_group.shop-results_database"].resource
    assert {rule.source for rule in group.ingress} == {"sg-1", "203.0.113.0/24"}
    instance: Any = found[ADDRESS].resource
    assert instance.public


def test_mysql_has_its_own_port() -> None:
    text = "databases: {results: {engine: mysql, version: '8.0'}}\n" + COLLECT % ""
    group: Any = wanted(spec_of(text))["security_group.shop-results_database"].resource
    assert {rule.from_port for rule in group.ingress} == {3306}


def test_power_hours_are_two_schedules_with_a_role_for_these_databases_alone() -> None:
    found = database(POWER)
    start: Any = found["schedule.shop-results_start"].resource
    stop: Any = found["schedule.shop-results_stop"].resource
    assert start.target_arn == "arn:aws:scheduler:::aws-sdk:rds:startDBInstance"
    assert stop.target_arn == "arn:aws:scheduler:::aws-sdk:rds:stopDBInstance"
    assert (start.expression, start.timezone, start.flex_minutes) == ("cron(30 2 * * ? *)", "America/New_York", None)
    assert start.input == {"DbInstanceIdentifier": Ref(ADDRESS, "name", "shop-results")}
    assert found[ADDRESS].resource.always_up is False  # type: ignore[attr-defined]
    assert found["schedule.shop-results_start"].origin == "databases.results.power.start"
    role = found["iam_role.shop_scheduler-power"].resource
    statements = role.policy.document["Statement"]  # type: ignore[attr-defined]
    arn = f"arn:aws:rds:{REGION}:{ACCOUNT}:db:shop-results"
    assert statements[0]["Action"] == ["rds:StartDBInstance", "rds:StopDBInstance"]
    assert statements[0]["Resource"] == [arn]


def test_database_without_power_hours_is_always_up_and_makes_no_schedules() -> None:
    found = database()
    assert not [address for address in found if address.startswith("schedule")]
    assert found[ADDRESS].resource.always_up is True  # type: ignore[attr-defined]


def test_password_reaches_the_job_by_batch_and_its_role_may_read_that_one_secret() -> None:
    job = ", environment: {HOST: '${database.results.endpoint}'}, secrets: {PW: '${database.results.secret}:password'}"
    found = database(job=job)
    definition: Any = found["batch_job_definition.shop-collect"].resource
    secret = Ref(ADDRESS, "secret")
    assert definition.environment == {"HOST": Ref(ADDRESS, "endpoint")}
    assert definition.secrets["PW"].parts == (secret, ":password::")
    (start,) = (role for name, role in roles(spec_of(RESULTS % "" + COLLECT % job)).items() if name.startswith("start"))
    assert refs(start.policy) == (secret,)


def test_existing_database_is_used_as_it_is() -> None:
    text = (
        "databases: {results: {existing: theirs, engine: postgres, database: rows, "
        "secret: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:theirs-AbCdEf'}}\n"
        "jobs: {collect: {image: x, access: {connect: [results]}, environment: {H: '${database.results.endpoint}'}}}\n"
    )
    theirs = {"name": "theirs", "arn": "arn:t", "endpoint": "db.example.org", "port": "5432", "secret": "s"}
    found = wanted(spec_of(text), existing={("databases", "results"): theirs})
    assert not [address for address in found if address.startswith(("rds_", "security_group.shop-results"))]
    definition: Any = found["batch_job_definition.shop-collect"].resource
    assert definition.environment == {"H": "db.example.org"}


def test_what_happens_at_the_end_stands_with_the_database() -> None:
    assert database()[ADDRESS].on_destroy == "snapshot"
    assert database(", on_destroy: delete")[ADDRESS].on_destroy == "delete"
