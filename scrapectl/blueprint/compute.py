"""`compute_environments` and `job_queues` → where jobs run, who goes first, and how they share."""

from __future__ import annotations

from collections.abc import Iterator

from scrapectl.blueprint.pipeline import security_group_ref
from scrapectl.blueprint.scope import Scope
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref
from scrapectl.kinds.batch_compute_environment import BatchComputeEnvironment
from scrapectl.kinds.batch_job_queue import BatchJobQueue
from scrapectl.kinds.batch_scheduling_policy import BatchSchedulingPolicy, scheduling_policy_arn
from scrapectl.spec import names
from scrapectl.spec.model import JobQueue

_TYPES = {"fargate": "FARGATE", "fargate-spot": "FARGATE_SPOT"}


def desired(scope: Scope) -> Iterator[Desired]:
    """Environments, then queues with their policies."""
    network = scope.facts.network
    groups = network.security_groups or (security_group_ref(scope),)
    for key, environment in scope.spec.compute_environments.items():
        if environment.existing is None:
            resource = BatchComputeEnvironment(
                name=scope.physical("compute_environments", key),
                type=_TYPES[environment.type],
                max_vcpus=environment.max_vcpus,
                subnets=network.subnets,
                security_groups=groups,
            )
            yield scope.desire_entry("compute_environments", environment, resource)
    for queue in scope.spec.job_queues.values():
        if queue.existing is None:
            yield from _queue(scope, queue)


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
    )
    yield scope.desire_entry("job_queues", queue, resource)


def weight(part: float) -> float:
    """AWS's weight of a share: 1/n with four decimals, within its bounds (a smaller weight gets more)."""
    return min(max(round(1 / part, 4), 0.0001), 999.9999)
