"""Environments on EC2 stand on a profile and a template of ours; jobs there carry nothing of Fargate's."""

from __future__ import annotations

from typing import Any

from scrapectl.engine.ownership import PIPELINE
from tests.unit.blueprint.world import ACCOUNT, resources, roles, spec_of, wanted

EC2 = "compute_environments: {big: {type: ec2-spot, instance_types: [m7i, c7i.large], min_vcpus: 2, max_vcpus: 32}}\n"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/limits"


def test_ec2_environment_carries_what_fargate_must_not() -> None:
    found = wanted(spec_of(EC2 + "jobs: {walk: {image: x}}\n"))
    environment: Any = found["batch_compute_environment.shop-big"].resource
    assert (environment.type, environment.allocation) == ("SPOT", "SPOT_PRICE_CAPACITY_OPTIMIZED")
    assert (environment.min_vcpus, environment.max_vcpus) == (2, 32)
    assert environment.instance_tags[PIPELINE] == "shop"
    assert environment.instance_profile.address == "iam_instance_profile.shop_instances"
    assert environment.launch_template.address == "ec2_launch_template.shop_instances"
    job: Any = found["batch_job_definition.shop-walk"].resource
    assert (job.runs_on, job.platform, job.disk, job.public_ip) == ("EC2", None, None, None)


def test_fargate_environment_makes_nothing_of_ec2s() -> None:
    found = wanted(spec_of("jobs: {walk: {image: x, read_only: true}}\n"))
    environment: Any = found["batch_compute_environment.shop-default"].resource
    assert (environment.instance_types, environment.instance_profile, environment.allocation) == ((), None, None)
    job: Any = found["batch_job_definition.shop-walk"].resource
    assert (job.runs_on, job.read_only) == ("FARGATE", True)
    kinds = {address.partition(".")[0] for address in found}
    assert not kinds & {"iam_instance_profile", "ec2_launch_template"}


def test_instances_may_serve_the_clusters_of_these_environments_alone() -> None:
    policy = roles(spec_of(EC2 + "jobs: {walk: {image: x}}\n"))["instances"].policy
    assert policy is not None
    by_action = {tuple(s["Action"]): s["Resource"] for s in policy.document["Statement"]}
    assert by_action["ecs:DiscoverPollEndpoint",] == ["*"]
    clusters = next(resources for actions, resources in by_action.items() if "ecs:RegisterContainerInstance" in actions)
    assert all("shop-big-" in arn for arn in clusters)
    (tagging,) = [one for one in policy.document["Statement"] if "ecs:TagResource" in one["Action"]]
    assert tagging["Condition"] == {"StringEquals": {"ecs:CreateAction": "RegisterContainerInstance"}}
    assert all(":container-instance/" in arn and "shop-big-" in arn for arn in tagging["Resource"])


def test_queue_of_ec2_is_another_than_one_of_fargate() -> None:
    on_fargate, on_ec2 = (
        next(iter(resources(spec_of(text), "batch_job_queue").values())).name
        for text in ("jobs: {walk: {image: x}}\n", EC2 + "jobs: {walk: {image: x}}\n")
    )
    assert on_fargate != on_ec2


def test_stuck_jobs_are_given_up_when_the_queue_says_so() -> None:
    (queue,) = resources(
        spec_of("job_queues: {q: {stuck_after: 20m}}\njobs: {walk: {image: x}}\n"), "batch_job_queue"
    ).values()
    assert queue.stuck_after == 1200


def test_every_role_carries_the_boundary() -> None:
    text = (
        f"iam: {{boundary: '{BOUNDARY}'}}\n{EC2}topics: {{news: {{}}}}\nalerts: {{to: news}}\n"
        "databases: {results: {engine: postgres, version: '16', power: {start: '0 2 * * ? *', stop: '0 6 * * ? *'}}}\n"
        "jobs: {walk: {image: x, access: {send: [news]}, schedules: {h: {cron: '0 3 * * ? *'}}}}\n"
    )
    found = roles(spec_of(text), notifier={"notifier.py": b"x"})
    assert {role.boundary for role in found.values()} == {BOUNDARY}
    kinds = {name.partition("-")[0] for name in found}
    assert kinds == {"job", "start", "scheduler", "notifier", "instances"}
