"""Databases, topics, alerts and EC2 environments as they reach the model, and what AWS takes at the edges."""

from __future__ import annotations

import pytest

from scrapectl.errors import SpecError
from scrapectl.spec import check_text
from scrapectl.spec.instances import platform_of, vcpus_of
from scrapectl.spec.model import Attribute, SecretRef, Template

HEAD = "pipeline: shop\n"
DATABASE = HEAD + "databases: {web-rows: {engine: postgres, version: %s}}\n"


def test_a_database_needs_its_engine_and_version_alone():
    database = check_text(DATABASE % 16).databases["web-rows"]
    assert (database.engine, database.version, database.database, database.port) == ("postgres", "16", "web_rows", 5432)
    assert (database.public, database.power, database.backup, database.on_destroy) == ((), None, 7 * 86400, "snapshot")
    assert (database.instance_class, database.username, database.changes) == ("db.t4g.micro", "scrapectl", "now")


@pytest.mark.parametrize("version", ["13", "18", "18.1", "16.4-R2", "19"])
def test_versions_of_postgres(version):
    """One that RDS makes after this was written is AWS's to judge."""
    assert check_text(DATABASE % f'"{version}"').databases["web-rows"].version == version


@pytest.mark.parametrize("version", ["8.0", "8.4", "8.0.40", "9.1"])
def test_versions_of_mysql(version):
    text = HEAD + f"databases: {{d: {{engine: mysql, version: {version}}}}}"
    database = check_text(text).databases["d"]
    assert (database.version, database.port) == (version, 3306)


@pytest.mark.parametrize(
    "more",
    [
        "storage: 20, max_storage: 22",
        "storage: 100, max_storage: 110",
        "storage: 65536",
        "backup: 0d",
        "backup: 35d",
        "maintenance: sun:23:45-mon:00:15",
        "maintenance: Sat:05:00-Sun:05:00",
        "public: [203.0.113.7/32, 10.0.0.0/8]",
        "public: false",
        "username: postgres",
        "database: postgres",
    ],
)
def test_what_rds_takes_at_the_edges(more):
    assert check_text(HEAD + f"databases: {{d: {{engine: postgres, version: 17, {more}}}}}").databases["d"]


def test_networks_that_may_reach_a_database_are_kept_in_order():
    text = HEAD + "databases: {d: {engine: mysql, version: 8.4, public: [203.0.113.0/24, 198.51.100.7/32]}}"
    assert check_text(text).databases["d"].public == ("203.0.113.0/24", "198.51.100.7/32")


def test_a_database_that_is_not_ours_says_where_its_password_is():
    text = HEAD + "databases: {d: {engine: mysql, existing: theirs, database: x, secret: '${secret.s.arn}'}}\n"
    database = check_text(text + "secrets: {s: {existing: theirs}}").databases["d"]
    assert (database.existing, database.secret) == ("theirs", Template((Attribute("secret", "s", "arn"),)))


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("${database.web-rows.secret}:password", "password"),
        ("${database.web-rows.secret}:username::", "username"),
        ("${database.web-rows.secret}", None),
    ],
)
def test_a_password_that_aws_made_is_a_secret_of_a_job(written, key):
    spec = check_text(DATABASE % 16 + f"jobs: {{a: {{image: x, secrets: {{P: '{written}'}}}}}}")
    arn = Template((Attribute("database", "web-rows", "secret"),))
    assert spec.jobs["a"].secrets["P"] == SecretRef(arn=arn, json_key=key)


def test_any_key_of_a_secret_that_is_not_ours_may_be_read():
    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:x-AbCdEf"
    text = HEAD + f"databases: {{d: {{engine: mysql, existing: theirs, database: x, secret: '{secret}'}}}}\n"
    spec = check_text(text + "jobs: {a: {image: x, secrets: {P: '${database.d.secret}:token'}}}")
    assert spec.jobs["a"].secrets["P"].json_key == "token"


@pytest.mark.parametrize("attribute", ["name", "arn", "endpoint", "port", "database", "secret"])
def test_attributes_of_a_database_stay_open(attribute):
    spec = check_text(DATABASE % 16 + f"outputs: {{o: '${{database.web-rows.{attribute}}}'}}")
    assert spec.outputs["o"] == Template((Attribute("database", "web-rows", attribute),))


@pytest.mark.parametrize(
    ("topics", "alerts", "to"),
    [
        ("{one: }", "", None),
        ("{one: }", "alerts: {}", "one"),
        ("{one: , default: }", "alerts: {failed_runs: true}", "default"),
        ("{one: , two: }", "alerts: {to: two}", "two"),
        ("{one: , two: }", "alerts: {failed_runs: false, dead_letters: false}", None),
        ("{}", "alerts: {failed_runs: false, dead_letters: false}", None),
    ],
)
def test_alerts_go_to_the_topic_that_is_meant(topics, alerts, to):
    assert check_text(HEAD + f"topics: {topics}\n{alerts}").alerts.to == to


def test_message_queues_and_topics_are_one_set_of_names():
    text = HEAD + "message_queues: {rows: }\ntopics: {news: {queues: [rows]}}\n"
    spec = check_text(text + "jobs: {a: {image: x, access: {send: [news, rows]}, on_failure: news}}")
    job = spec.jobs["a"]
    assert (job.access.send, job.on_failure, spec.topics["news"].queues) == (("news", "rows"), "news", ("rows",))


def test_a_boundary_may_be_one_of_aws_itself():
    text = HEAD + "iam: {boundary: 'arn:aws:iam::aws:policy/PowerUserAccess'}"
    assert check_text(text).iam.boundary == "arn:aws:iam::aws:policy/PowerUserAccess"


EC2 = HEAD + "compute_environments: {e: {type: ec2, instance_types: [%s]}}\njobs: {a: {image: x, %s}}"


@pytest.mark.parametrize(
    ("types", "job"),
    [
        ("optimal", "vcpus: 3, memory: 4"),
        ("default_arm64", "platform: ARM64"),
        ("m7g.large, c7g", "platform: ARM64, vcpus: 16"),  # a family has large ones
        ("m7i.xlarge", "vcpus: 4, memory: 500 MB"),
        ("g4dn.xlarge", "vcpus: 4"),
        ("m7i.metal-24xl", "vcpus: 16"),
    ],
)
def test_jobs_that_fit_ec2(types, job):
    spec = check_text(EC2 % (types, job))
    assert spec.on_ec2("default")
    assert spec.job_queues["default"].on_ec2


def test_a_queue_over_fargate_is_not_on_ec2():
    assert not check_text(HEAD + "jobs: {a: {image: x}}").on_ec2("default")


def test_the_processor_of_an_environment_that_is_not_ours_is_asked_only_when_written():
    text = HEAD + "compute_environments: {e: {existing: theirs, type: ec2%s}}\njobs: {a: {image: x, platform: ARM64}}"
    assert check_text(text % "").on_ec2("default")
    with pytest.raises(SpecError, match="has X86_64 instances"):
        check_text(text % ", instance_types: [m7i]")


@pytest.mark.parametrize(
    ("written", "platform", "vcpus"),
    [
        ("m7i.large", "X86_64", 2),
        ("m7g.2xlarge", "ARM64", 8),
        ("c7gn.xlarge", "ARM64", 4),
        ("g4dn.12xlarge", "X86_64", 48),
        ("g5g.xlarge", "ARM64", 4),
        ("t4g.micro", "ARM64", 2),
        ("a1.medium", "ARM64", 2),
        ("im4gn", "ARM64", None),
        ("x2gd", "ARM64", None),
        ("u-6tb1.metal", "X86_64", None),
        ("optimal", "X86_64", None),
        ("default_x86_64", "X86_64", None),
        ("default_arm64", "ARM64", None),
    ],
)
def test_a_type_tells_its_processor_and_size(written, platform, vcpus):
    assert (platform_of(written), vcpus_of(written)) == (platform, vcpus)
