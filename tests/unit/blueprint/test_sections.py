"""Each section of the spec becomes the resources that SPEC says, with what it leaves out made for it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from scrapectl.blueprint import outputs
from scrapectl.blueprint.compute import weight
from scrapectl.engine.values import Ref, Text, refs
from scrapectl.facts import NetworkFacts
from scrapectl.kinds.batch_job_definition import job_definition_arn
from scrapectl.kinds.sqs_queue import DeadLetter
from scrapectl.spec import check_text
from tests.unit.blueprint.world import ACCOUNT, FACTS, REGION, facts_for, resources, spec_of, wanted

DAY = 86_400


def only(text: str, kind: str, **facts: Any) -> Any:
    (resource,) = resources(spec_of(text), kind, **facts).values()
    return resource


def submitted(schedule: str, job: str = "", more: str = "") -> dict[str, Any]:
    """The SubmitJob request of a schedule."""
    text = f"{more}jobs: {{walk: {{image: x, {job} schedules: {{daily: {schedule}}}}}}}\n"
    request: dict[str, Any] = only(text, "schedule").input
    return request


def test_spec_with_one_job_alone_is_complete() -> None:
    kinds = sorted(address.partition(".")[0] for address in wanted(spec_of("jobs: {walk: {image: x}}\n")))
    assert kinds == [
        "batch_compute_environment",
        "batch_job_definition",
        "batch_job_queue",
        "iam_role",
        "log_group",
        "security_group",
    ]


def test_spec_without_jobs_needs_nothing_of_theirs() -> None:
    assert list(wanted(spec_of("buckets: {raw: {}}\n"))) == ["s3_bucket.shop-raw"]


def test_given_security_groups_make_none() -> None:
    network = NetworkFacts("vpc-1", ("subnet-1",), ("sg-1", "sg-2"), public=False)
    found = wanted(spec_of("jobs: {walk: {image: x}}\n"), network=network)
    assert not [address for address in found if address.startswith("security_group")]
    environment: Any = found["batch_compute_environment.shop-default"].resource
    assert environment.security_groups == ("sg-1", "sg-2")


@pytest.mark.parametrize(
    ("written", "public", "expected"),
    [("", True, True), ("", False, False), ("public_ip: false,", True, False), ("public_ip: true,", False, True)],
)
def test_public_ip_is_that_of_the_subnets_unless_said(written: str, public: bool, expected: bool) -> None:
    network = dataclasses.replace(FACTS.network, public=public)
    text = f"jobs: {{walk: {{{written} image: x}}}}\n"
    assert only(text, "batch_job_definition", network=network).public_ip is expected


def test_definition_has_the_defaults_of_the_spec() -> None:
    found = only("jobs: {walk: {image: x}}\n", "batch_job_definition")
    plain = (found.vcpus, found.memory, found.platform, found.timeout, found.attempts, found.priority)
    assert plain == ("1", 2048, "X86_64", 3600, 2, 100)
    assert (found.keep_revisions, found.log_prefix, found.retry_on, found.disk) == (5, "walk", None, None)


def test_retries_are_what_comes_after_the_first_attempt() -> None:
    for retries in (0, 9):
        found = only(f"jobs: {{walk: {{image: x, retries: {retries}}}}}\n", "batch_job_definition")
        assert found.attempts == retries + 1


def test_run_tag_says_where_a_job_goes() -> None:
    text = "job_queues: {default: {shares: {low: 1, high: 2}}}\njobs: {walk: {image: x, array: 3, share: high}}\n"
    spec = spec_of(text)
    queue = next(iter(resources(spec, "batch_job_queue").values())).name
    tags = wanted(spec)["batch_job_definition.shop-walk"].tags
    assert tags["scrapectl:run"] == f"queue={queue} share=high array=3"


def test_built_image_is_named_by_its_digest() -> None:
    spec = spec_of("images: {x: {build: ./x}}\njobs: {walk: {image: x}}\n")
    found = wanted(spec)
    definition: Any = found["batch_job_definition.shop-walk"].resource
    assert definition.image == Ref("ecr_image.shop-x", "uri")
    assert found["ecr_image.shop-x"].resource.key() == ("shop-x", "src-0123")
    assert found["ecr_image.shop-x"].after == ("ecr_repository.shop-x",)


def test_json_key_of_a_secret_is_named_in_batchs_way() -> None:
    text = "secrets: {key: {generate: 20}}\njobs: {walk: {image: x, secrets: {A: key, B: 'key:name'}}}\n"
    secrets = only(text, "batch_job_definition").secrets
    arn = Ref("secret.shop-key", "arn")
    assert secrets == {"A": arn, "B": Text((arn, ":name::"))}


def test_attribute_orders_and_is_known_where_names_tell_it() -> None:
    text = (
        "buckets: {raw: {}}\nmessage_queues: {rows: {}}\n"
        "jobs: {walk: {image: x, environment: {A: '${bucket.raw.arn}', B: 'at ${message_queue.rows.url}'}}}\n"
    )
    environment = only(text, "batch_job_definition").environment
    bucket = f"arn:aws:s3:::shop-raw-{ACCOUNT}-{REGION}"
    assert environment["A"] == Ref("s3_bucket.shop-raw", "arn", bucket)
    assert environment["B"] == Text(("at ", Ref("sqs_queue.shop-rows", "url")))


def test_account_and_region_are_put_in() -> None:
    found = only(
        "jobs: {walk: {image: x, environment: {A: '${account}/${region}/${pipeline}'}}}\n", "batch_job_definition"
    )
    assert found.environment["A"] == f"{ACCOUNT}/{REGION}/shop"


# Schedules


def test_schedule_submits_without_revision_and_says_only_what_it_must() -> None:
    request = submitted('{cron: "0 6 * * ? *"}')
    assert set(request) == {"JobName", "JobQueue", "JobDefinition"}
    assert request["JobName"] == "shop-walk_daily"
    assert request["JobDefinition"].value.endswith(":job-definition/shop-walk")


def test_schedule_takes_what_it_does_not_say_from_its_job() -> None:
    shares = "job_queues: {default: {shares: {low: 1, high: 2}}}\n"
    assert submitted("{rate: 1d}", "share: high, array: 4,", shares)["ShareIdentifier"] == "high"
    request = submitted("{rate: 1d, share: low, array: 5, priority: 7}", "share: high, array: 4,", shares)
    assert request["ShareIdentifier"] == "low"
    assert request["ArrayProperties"] == {"Size": 5}
    assert request["SchedulingPriorityOverride"] == 7
    assert submitted("{rate: 1d}", "array: 4,")["ArrayProperties"] == {"Size": 4}


def test_environment_of_a_schedule_is_in_universal_targets_spelling() -> None:
    request = submitted("{rate: 1d, environment: {B: '2', A: '1'}}")
    pairs = [{"Name": "A", "Value": "1"}, {"Name": "B", "Value": "2"}]
    assert request["ContainerOverrides"] == {"Environment": pairs}


@pytest.mark.parametrize(
    ("written", "expression"),
    [
        ('{cron: "0 6 * * ? *"}', "cron(0 6 * * ? *)"),
        ("{rate: 1h}", "rate(1 hour)"),
        ("{rate: 90m}", "rate(90 minutes)"),
        ("{rate: 2d}", "rate(2 days)"),
        ("{at: 2031-12-24T06:00:00}", "at(2031-12-24T06:00:00)"),
    ],
)
def test_expression(written: str, expression: str) -> None:
    found = only(f"jobs: {{walk: {{image: x, schedules: {{daily: {written}}}}}}}\n", "schedule")
    assert found.expression == expression


def test_schedule_delivers_as_the_spec_says() -> None:
    text = (
        "jobs: {walk: {image: x, schedules: {daily: {rate: 1d, enabled: false, flex: 15m,"
        " deliver: {retries: 5, within: 2h}}}}}\n"
    )
    found = only(text, "schedule")
    assert (found.state, found.flex_minutes, found.retries, found.within_seconds) == ("DISABLED", 15, 5, 7200)
    assert found.target_arn == "arn:aws:scheduler:::aws-sdk:batch:submitJob"
    assert found.dead_letter.value == f"arn:aws:sqs:{REGION}:{ACCOUNT}:shop_dead"
    assert found.group == "shop"


def test_schedule_comes_after_its_group() -> None:
    found = wanted(spec_of("jobs: {walk: {image: x, schedules: {daily: {rate: 1d}}}}\n"))
    schedule = found["schedule.shop-walk_daily"]
    assert schedule.after == ("schedule_group.shop",)
    assert {ref.address for ref in refs(schedule.resource)} == {
        "batch_job_definition.shop-walk",
        "batch_job_queue.shop-default",
        "iam_role.shop_scheduler",
        "sqs_queue.shop_dead",
    }


# Queues and environments


def test_bigger_share_is_a_smaller_weight() -> None:
    found = only(
        "job_queues: {default: {shares: {low: 1, medium: 2, high: 4}, share_decay: 300s, reserve: 7}}\n"
        "jobs: {walk: {image: x}}\n",
        "batch_scheduling_policy",
    )
    assert found.shares == (("high", 0.25), ("low", 1.0), ("medium", 0.5))
    assert (found.decay_seconds, found.reservation) == (300, 7)


@pytest.mark.parametrize(("part", "expected"), [(1, 1.0), (3, 0.3333), (1000, 0.001), (0.01, 100.0), (1e-9, 999.9999)])
def test_weight_has_four_decimals_within_bounds(part: float, expected: float) -> None:
    assert weight(part) == expected


def test_queue_tries_environments_in_order() -> None:
    text = (
        "compute_environments: {b: {type: fargate-spot, max_vcpus: 64}, a: {}}\n"
        "job_queues: {default: {compute: [b, a], priority: 10}}\njobs: {walk: {image: x}}\n"
    )
    found = only(text, "batch_job_queue")
    addresses = [ref.address for ref in found.compute]
    assert addresses == ["batch_compute_environment.shop-b", "batch_compute_environment.shop-a"]
    environments = resources(spec_of(text), "batch_compute_environment")
    assert environments["batch_compute_environment.shop-b"].type == "FARGATE_SPOT"
    assert environments["batch_compute_environment.shop-a"].max_vcpus == 16


def test_what_aws_fixes_is_in_the_name() -> None:
    """Another type is another name, so that the new environment stands before the old one goes; a bound is not."""

    def name(entry: str) -> str:
        return str(only(f"compute_environments: {{default: {entry}}}\n", "batch_compute_environment").name)

    assert name("{type: fargate}") == name("{type: fargate, max_vcpus: 99}") != name("{type: fargate-spot}")
    assert name("{name: mine}") == "mine"


# Buckets, message queues, the instance


def test_message_queue_has_a_dead_letter_queue() -> None:
    found = resources(spec_of("message_queues: {rows: {retention: 20h, dead_letter_after: 3}}\n"), "sqs_queue")
    main, dead = found["sqs_queue.shop-rows"], found["sqs_queue.shop-rows_dead"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:shop-rows_dead"
    assert main.dead_letter == DeadLetter(Ref("sqs_queue.shop-rows_dead", "arn", arn), 3)  # type: ignore[arg-type]
    assert (main.retention, dead.retention, dead.dead_letter) == (20 * 3600, 14 * DAY, None)


def test_message_is_hidden_for_six_times_its_consumers_timeout() -> None:
    text = (
        "message_queues: {rows: {}}\n"
        "jobs: {a: {image: x, timeout: 10m, access: {receive: [rows]}}, b: {image: x, timeout: 1h}}\n"
    )
    assert resources(spec_of(text), "sqs_queue")["sqs_queue.shop-rows"].visibility == 3600


def test_bucket_is_as_written() -> None:
    text = "buckets: {raw: {versioned: true, expire: {'tmp/': 1d}, archive: {after: 125d, deep_after: 180d}}}\n"
    found = only(text, "s3_bucket")
    assert (found.versioned, found.encryption, dict(found.expire)) == (True, "s3", {"tmp/": DAY})
    assert (found.archive.after, found.archive.deep_after) == (125 * DAY, 180 * DAY)
    assert (found.public_access_blocked, found.tls_only, found.owner_enforced) == (True, True, True)


def test_everything_carries_the_specs_tags_but_schedules() -> None:
    text = "tags: {team: a}\nbuckets: {raw: {}}\njobs: {walk: {image: x, schedules: {daily: {rate: 1d}}}}\n"
    for address, desired in wanted(spec_of(text)).items():
        assert ("team" in desired.tags) is not address.startswith("schedule."), address


def test_everything_knows_where_it_was_written() -> None:
    text = "buckets:\n  raw: {}\njobs:\n  walk: {image: x, schedules: {daily: {rate: 1d}}}\n"
    for address, desired in wanted(spec_of(text)).items():
        assert desired.where is not None, address
    assert wanted(spec_of(text))["s3_bucket.shop-raw"].where.line == 5  # type: ignore[union-attr]
    assert wanted(spec_of(text))["schedule.shop-walk_daily"].origin == "jobs.walk.schedules.daily"


def test_stage_is_in_every_name() -> None:
    text = "stages: {prod: {}}\nbuckets: {raw: {}}\njobs: {walk: {image: x, schedules: {daily: {rate: 1d}}}}\n"
    names = {address: desired.resource.key() for address, desired in wanted(spec_of(text, stage="prod")).items()}
    assert names["log_group.shop-prod"] == ("/scrapectl/shop.prod",)
    assert names["schedule.shop-prod-walk_daily"] == ("shop.prod", "walk_daily")
    assert names["s3_bucket.shop-prod-raw"] == (f"shop-prod-raw-{ACCOUNT}-{REGION}",)
    assert all("prod" in " ".join(key) for key in names.values())


def test_existing_things_are_named_and_not_made() -> None:
    text = (
        "buckets: {raw: {existing: theirs}}\njob_queues: {default: {existing: their-queue}}\n"
        "jobs: {walk: {image: x, access: {read: [raw]}, schedules: {daily: {rate: 1d}}}}\n"
    )
    existing = {
        ("buckets", "raw"): {"name": "theirs", "arn": "arn:aws:s3:::theirs"},
        ("job_queues", "default"): {"name": "their-queue", "arn": "arn:aws:batch:x:1:job-queue/their-queue"},
    }
    found = wanted(spec_of(text), existing=existing)
    kinds = {address.partition(".")[0] for address in found}
    assert not kinds & {"s3_bucket", "batch_job_queue", "batch_scheduling_policy"}
    schedule: Any = found["schedule.shop-walk_daily"].resource
    assert schedule.input["JobQueue"] == "arn:aws:batch:x:1:job-queue/their-queue"


def test_outputs_may_hold_what_only_aws_knows() -> None:
    spec = spec_of(
        "buckets: {raw: {}}\nmessage_queues: {rows: {}}\n"
        "outputs: {a: '${bucket.raw.name}', b: 'u ${message_queue.rows.url}'}\n"
    )
    found = outputs(spec, facts_for(spec))
    assert found["a"] == Ref("s3_bucket.shop-raw", "name", f"shop-raw-{ACCOUNT}-{REGION}")
    assert found["b"] == Text(("u ", Ref("sqs_queue.shop-rows", "url")))


def test_desktop_is_named_by_its_fleet() -> None:
    spec = spec_of("desktops: {review: {image: x}}\noutputs: {fleet: '${desktop.review.arn}'}\n")
    arn = f"arn:aws:appstream:{REGION}:{ACCOUNT}:fleet/shop-review"
    assert outputs(spec, facts_for(spec)) == {"fleet": Ref("appstream_fleet.shop-review", "arn", arn)}


def test_attributes_are_filled_in_at_any_depth_of_what_is_written_freely(tmp_path: Path) -> None:
    result = '["${job.walk.arn}", {"of": "${account}-1"}]'
    state = f'{{"Type": "Pass", "Result": {result}, "End": true}}'
    (tmp_path / "own.asl.json").write_text(f'{{"StartAt": "A", "States": {{"A": {state}}}}}')
    places = '["${bucket.raw.arn}/x/*", "${database.results.secret}"]'
    text = f"version: 1\npipeline: shop\nregion: {REGION}\nbuckets: {{raw: {{}}}}\n"
    text += 'databases: {results: {engine: postgres, version: "16"}}\n'
    text += f"jobs: {{walk: {{image: x, access: {{policy: [{{Effect: Allow, Action: x:Y, Resource: {places}}}]}}}}}}\n"
    text += "workflows:\n  own: {definition: own.asl.json}\n"
    text += '  steps: {steps: [{run: walk}], schedules: {daily: {rate: 1d, input: {deep: ["${bucket.raw.name}"]}}}}\n'
    spec = check_text(text, folder=tmp_path, env={})
    machine = resources(spec, "sfn_state_machine")["sfn_state_machine.shop-own"]
    definition, other = machine.definition["States"]["A"]["Result"]
    assert (str(definition), other) == (job_definition_arn("aws", REGION, ACCOUNT, "shop-walk"), {"of": f"{ACCOUNT}-1"})
    bucket = f"shop-raw-{ACCOUNT}-{REGION}"
    (schedule,) = resources(spec, "schedule").values()
    assert json.loads(str(schedule.input["Input"])) == {"deep": [bucket]}
    (role,) = [role for a, role in resources(spec, "iam_role").items() if a.startswith("iam_role.shop_job")]
    known, asked = role.policy.document["Statement"][-1]["Resource"]
    assert known == f"arn:aws:s3:::{bucket}/x/*"
    assert [ref.address for ref in refs(asked)] == ["rds_instance.shop-results"]
