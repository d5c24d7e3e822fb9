"""Counts what stands in an embedded cloud, so that nobody throws it away unawares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.local.registry import Refusal
from scrapectl.local.services.batch.state import state_in as batch_in
from scrapectl.local.services.rds.state import state_in as rds_in
from scrapectl.local.services.rds.subnet_groups import DEFAULT
from scrapectl.local.services.redshift.state import state_in as redshift_in
from scrapectl.local.services.redshift_serverless.state import state_in as serverless_in
from scrapectl.local.services.scheduler.state import DEFAULT_GROUP
from scrapectl.local.services.scheduler.state import state_in as scheduler_in

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

# What each of moto's services lists of its own; what it makes by itself, such as the default network, does not count.
_LISTS = {
    "s3": ("ListBuckets", "Buckets", "buckets"),
    "iam": ("ListRoles", "Roles", "roles"),
    "sqs": ("ListQueues", "QueueUrls", "message queues"),
    "logs": ("DescribeLogGroups", "logGroups", "log groups"),
    "ecr": ("DescribeRepositories", "repositories", "image repositories"),
    "secretsmanager": ("ListSecrets", "SecretList", "secrets"),
    "ssm": ("DescribeParameters", "Parameters", "parameters"),
    "sns": ("ListTopics", "Topics", "topics"),
    "lambda": ("ListFunctions", "Functions", "functions"),
    "events": ("ListRules", "Rules", "event rules"),
    "cloudwatch": ("DescribeAlarms", "MetricAlarms", "alarms"),
    "stepfunctions": ("ListStateMachines", "stateMachines", "state machines"),
}
_GLOBAL = {"s3", "iam"}


def standing(cloud: Cloud) -> dict[str, int]:
    """Return how many of each thing stand, over all regions; only kinds of which there are some."""
    counts: dict[str, int] = {}

    def add(what: str, number: int) -> None:
        if number:
            counts[what] = counts.get(what, 0) + number

    seen_global: set[str] = set()
    for service, region in sorted(cloud.used):
        if service in _LISTS and service not in seen_global:
            operation, key, what = _LISTS[service]
            add(what, _count(cloud, service, operation, key, region))
            seen_global |= {service} & _GLOBAL
        elif service == "ec2":
            add("security groups", _own_groups(cloud, region))
            vpcs = cloud.call("ec2", "DescribeVpcs", {}, region)["Vpcs"]
            add("networks", sum(not vpc["IsDefault"] for vpc in vpcs))
            add("public addresses", _count(cloud, "ec2", "DescribeAddresses", "Addresses", region))
        elif service == "batch":
            state = batch_in(cloud, region)
            add("compute environments", len(state.environments))
            add("job queues", len(state.queues))
            add("scheduling policies", len(state.policies))
            add(
                "job definitions",
                sum(any(d["status"] == "ACTIVE" for d in many) for many in state.definitions.values()),
            )
        elif service in _HELD:
            for what, number in _HELD[service](cloud, region).items():
                add(what, number)
        elif service == "scheduler":
            schedules = scheduler_in(cloud, region)
            add("schedule groups", len(schedules.groups.keys() - {DEFAULT_GROUP}))
            add("schedules", len(schedules.schedules))
    return counts


def _count(cloud: Cloud, service: str, operation: str, key: str, region: str) -> int:
    try:
        return len(cloud.call(service, operation, {}, region).get(key) or [])
    except Refusal:
        return 0


def _own_groups(cloud: Cloud, region: str) -> int:
    groups = cloud.call("ec2", "DescribeSecurityGroups", {}, region).get("SecurityGroups", [])
    return sum(group["GroupName"] != "default" for group in groups)


def _databases(cloud: Cloud, region: str) -> dict[str, int]:
    state = rds_in(cloud, region)
    groups = state.subnet_groups.keys() - {DEFAULT}
    return {
        "databases": len(state.instances),
        "database subnet groups": len(groups),
        "database snapshots": len(state.snapshots),
    }


def _clusters(cloud: Cloud, region: str) -> dict[str, int]:
    state = redshift_in(cloud, region)
    return {
        "warehouse clusters": len(state.clusters),
        "warehouse subnet groups": len(state.subnet_groups),
        "warehouse snapshots": len(state.snapshots),
    }


def _serverless(cloud: Cloud, region: str) -> dict[str, int]:
    state = serverless_in(cloud, region)
    return {
        "warehouse namespaces": len(state.namespaces),
        "warehouse workgroups": len(state.workgroups),
        "warehouse snapshots": len(state.snapshots),
    }


_HELD = {"rds": _databases, "redshift": _clusters, "redshift-serverless": _serverless}
