"""The names that the blueprint gives: no two things of a spec share one, the checks know them, and AWS takes each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scrapectl.blueprint import blueprint
from scrapectl.engine.resource import Desired
from scrapectl.errors import SpecError
from scrapectl.spec import check_text
from scrapectl.spec.checks.physical import named
from scrapectl.spec.model import Spec
from tests.account import Account
from tests.random_specs import ENV, FOLDER, random_spec
from tests.unit.blueprint.world import facts_for

PIPELINE, STAGE, KEY = "p" * 20, "s" * 20, "k" * 40
# No region that the SDK knows has a longer name.
LONGEST_REGION = "ap-southeast-1"
SECTION_OF = {
    "EcrRepository": "images",
    "SecretValue": "secrets",
    "S3Bucket": "buckets",
    "SqsQueue": "message_queues",
    "SnsTopic": "topics",
    "BatchComputeEnvironment": "compute_environments",
    "BatchJobQueue": "job_queues",
    "BatchJobDefinition": "jobs",
    "RdsInstance": "databases",
    "RedshiftCluster": "warehouses",
    "RedshiftNamespace": "warehouses",
    "RedshiftWorkgroup": "warehouses",
    "Schedule": "schedules",
    "EfsFileSystem": "filesystems",
    "LambdaFunction": "functions",
    "SfnStateMachine": "workflows",
    "Ec2LaunchTemplate": "hosts",
    "AutoscalingGroup": "hosts",
    "AppstreamFleet": "desktops",
    "EventsRule": "rules",
    "CloudtrailTrail": "trails",
}
# What is made for the instance as a whole.
OF_THE_INSTANCE = {
    ("message_queues", "random_dead"),
    ("functions", "random_notifier"),
    ("functions", "random_starter"),
    ("functions", "random_expect"),
    ("hosts", "random_instances"),
    ("buckets", "random-loads-123456789012-us-east-1"),
    ("rules", "random_failed-launches"),
    ("rules", "random_failed-runs"),
    ("rules", "random_failed-workflows"),
    ("rules", "random_lost-hosts"),
}


def wanted(spec: Spec) -> list[Desired]:
    return blueprint(spec, facts_for(spec))


def keys_of(found: list[Desired]) -> list[tuple[str, tuple[str, ...]]]:
    return [(type(desired.resource).__name__, desired.resource.key()) for desired in found]


@pytest.mark.parametrize("seed", range(60))
def test_no_two_things_of_a_spec_have_one_name_or_one_address(seed):
    for stage in (None, "prod"):
        found = wanted(check_text(random_spec(seed), folder=FOLDER, env=ENV, stage=stage))
        assert len(set(keys_of(found))) == len(found)
        assert len({desired.address for desired in found}) == len(found)


@pytest.mark.parametrize("seed", range(60))
def test_the_checks_know_every_name_that_the_spec_gives(seed):
    """What is made for the instance as a whole aside: nobody can write a name that ends as theirs do, but in SQS."""
    spec = check_text(f"account: '123456789012'\n{random_spec(seed)}", folder=FOLDER, env=ENV)
    made = {(SECTION_OF[kind], key[-1]) for kind, key in keys_of(wanted(spec)) if kind in SECTION_OF}
    known = {(section, name) for section, name, _ in named(spec)}
    assert made - known <= OF_THE_INSTANCE
    assert known <= made


@pytest.mark.parametrize(
    "text",
    [
        "message_queues: {a: , b: {name: shop-a_dead}}",
        "message_queues: {a: {name: shop_dead}}",
        "message_queues: {a: {name: b}, c: {name: b_dead}}",
        "compute_environments: {a: , b: {name: shop-a-9748}}",
        "compute_environments: {a: }\njob_queues: {a: {compute: [a]}, b: {compute: [a], name: shop-a-60a3}}",
        "buckets: {a: , b: {name: shop-a-123456789012-us-east-1}}",
        "jobs: {a: {image: x, schedules: {b: {rate: 1h}, c: {rate: 1h, name: a_b}}}}",
        "jobs: {a: {image: x}, b: {image: x, name: shop-a}}",
        "topics: {a: , b: {name: shop-a}}",
        "databases: {a: {engine: mysql, version: 8.4}, b: {engine: mysql, version: 8.4, name: shop-a}}",
        "compute_environments: {a: {type: ec2}, b: {type: ec2, name: shop-a-1316}}",
    ],
)
def test_a_written_name_that_the_blueprint_gives_to_another_is_refused(text):
    with pytest.raises(SpecError, match=r"name|dead-letter"):
        check_text(f"pipeline: shop\naccount: '123456789012'\nregion: us-east-1\n{text}")


LONG = f"""
pipeline: {PIPELINE}
region: {LONGEST_REGION}
images: {{{KEY}: {{build: ./scraper}}}}
secrets: {{{KEY}: {{generate: 32}}}}
buckets: {{{KEY}: {{expire: {{tmp/: 1d}}}}}}
message_queues: {{{KEY}: }}
topics: {{{KEY[1:]}: {{email: [team@example.org], queues: [{KEY}]}}}}
databases: {{{KEY}: {{engine: postgres, version: 16, power: {{start: 0 6 * * ? *, stop: 0 7 * * ? *}}}}}}
alerts: {{queue_age: 1h}}
compute_environments: {{{KEY}: , {KEY[1:]}: {{type: ec2}}}}
job_queues: {{{KEY}: {{compute: [{KEY}], shares: {{{"h" * 100}: 1}}}}, {KEY[1:]}: {{compute: [{KEY[1:]}]}}}}
jobs:
  {KEY}:
    image: {KEY}
    environment: {{ALL: "${{bucket.{KEY}.name}} ${{message_queue.{KEY}.url}} ${{job.{KEY}.queue}}"}}
    secrets: {{TOKEN: {KEY}}}
    access: {{read: [{KEY}], send: [{KEY}, {KEY[1:]}], submit: [{KEY}], connect: [{KEY}]}}
    queue: {KEY}
    array: 10000
    schedules: {{{KEY}: {{rate: 1h, environment: {{A: "1"}}}}, {KEY[1:]}: {{rate: 1h}}}}
"""


@pytest.fixture
def account() -> Iterator[Account]:
    found = Account()
    yield found
    found.cloud.close()


def test_aws_takes_the_longest_names(account, tmp_path: Path):
    """Every request is checked before it is sent: an apply that ends well has none that AWS refuses."""
    (tmp_path / "scraper").mkdir()
    (tmp_path / "scraper" / "Dockerfile").write_text("FROM python:3.13-slim\n")
    for stage in (None, STAGE):
        spec = check_text(LONG, folder=tmp_path, stage=stage)
        account.put(spec)
        assert not account.plan(spec).plan.changes


def test_names_that_are_cut_stay_apart():
    text = "pipeline: {p}\njobs: {{a: {{image: x, schedules: {{{k}a: {{rate: 1h}}, {k}b: {{rate: 1h}}}}}}}}"
    text += "\nmessage_queues: {{{k}a: , {k}b: }}\nbuckets: {{{k}a: , {k}b: }}"
    found = wanted(check_text(text.format(p=PIPELINE, k="k" * 39), stage=STAGE))
    assert len(set(keys_of(found))) == len(found)


@pytest.mark.parametrize("pipeline", ["default", "sg-shop", "sthree-shop", "amzn-s3-demo-shop"])
def test_a_pipeline_has_no_name_that_aws_keeps_for_itself(pipeline):
    with pytest.raises(SpecError) as caught:
        check_text(f"pipeline: {pipeline}")
    assert caught.value.problems[0].hint == "Choose another name."
