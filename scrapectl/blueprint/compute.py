"""`compute_environments` and `job_queues` → where jobs run, who goes first, and how they share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scrapectl.blueprint import network
from scrapectl.blueprint.instances import profile_ref, template_ref
from scrapectl.blueprint.pipeline import job_groups
from scrapectl.blueprint.scope import Scope
from scrapectl.engine.ownership import PIPELINE
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref
from scrapectl.kinds.batch_compute_environment import BatchComputeEnvironment
from scrapectl.kinds.batch_job_queue import BatchJobQueue
from scrapectl.kinds.batch_scheduling_policy import BatchSchedulingPolicy, scheduling_policy_arn
from scrapectl.spec import names
from scrapectl.spec.model import ComputeEnvironment, JobQueue

_TYPES = {"fargate": "FARGATE", "fargate-spot": "FARGATE_SPOT", "ec2": "EC2", "ec2-spot": "SPOT"}
_ALLOCATION = {"ec2": "BEST_FIT_PROGRESSIVE", "ec2-spot": "SPOT_PRICE_CAPACITY_OPTIMIZED"}
"""Strategies under which AWS can change an environment in place, and Spot needs no fleet role (AWS-FACTS §2.2)."""
_IMAGE = "ECS_AL2023"


def desired(scope: Scope) -> Iterator[Desired]:
    """Environments, then queues with their policies."""
    for environment in scope.spec.compute_environments.values():
        if environment.existing is None:
            resource = _environment(scope, environment)
            yield scope.desire_entry("compute_environments", environment, resource, after=network.ways(scope))
    for queue in scope.spec.job_queues.values():
        if queue.existing is None:
            yield from _queue(scope, queue)


def _environment(scope: Scope, environment: ComputeEnvironment) -> BatchComputeEnvironment:
    return BatchComputeEnvironment(
        name=scope.physical("compute_environments", environment.key),
        type=_TYPES[environment.type],
        max_vcpus=environment.max_vcpus,
        subnets=network.job_subnets(scope),
        security_groups=job_groups(scope),
        **(_on_ec2(scope, environment) if environment.on_ec2 else {}),
    )


def _on_ec2(scope: Scope, environment: ComputeEnvironment) -> dict[str, Any]:
    """What Fargate does not take."""
    return {
        "instance_types": environment.instance_types,
        "min_vcpus": environment.min_vcpus,
        "instance_profile": profile_ref(scope),
        "launch_template": template_ref(scope),
        "allocation": _ALLOCATION[environment.type],
        "image_type": _IMAGE,
        "instance_tags": {**scope.spec.tags, PIPELINE: scope.owner, "Name": scope.base(environment.key)},
    }


def _queue(scope: Scope, queue: JobQueue) -> Iterator[Desired]:
    policy_arn = None
    if queue.shares:
        name = scope.name(names.BATCH_LIMIT, queue.key, "shares")
        address = f"batch_scheduling_policy.{scope.base(queue.key)}"
        policy = BatchSchedulingPolicy(
            name=name,
            shares=tuple((share, weight(part)) for share, part in queue.shares.items()),
            decay_seconds=queue.share_decay,
            reservation=queue.reserve,
        )
        yield scope.desire(address, policy, queue)
        policy_arn = Ref(address, "arn", scheduling_policy_arn(*scope.place, name))
    resource = BatchJobQueue(
        name=scope.physical("job_queues", queue.key),
        compute=tuple(scope.ref("compute_environments", key, "arn") for key in queue.compute),
        priority=queue.priority,
        scheduling_policy=policy_arn,
        stuck_after=queue.stuck_after,
    )
    yield scope.desire_entry("job_queues", queue, resource)


def weight(part: float) -> float:
    """AWS's weight of a share: 1/n with four decimals, within its bounds (a smaller weight gets more)."""
    return min(max(round(1 / part, 4), 0.0001), 999.9999)
