"""Turns the names of a spec into the physical names that AWS is told."""

from __future__ import annotations

import hashlib
from typing import Any

from scrapectl.spec.instances import processor_of

ALARM_LIMIT = 255
BATCH_LIMIT = 128
BUCKET_LIMIT = 63
DATABASE_LIMIT = 63
DESKTOP_LIMIT = 100
FILE_SYSTEM_LIMIT = 64  # its creation token is its name
FUNCTION_LIMIT = 64
HOST_LIMIT = 128  # of its launch template and its group alike
INSTANCE_PROFILE_LIMIT = 128
LAUNCH_TEMPLATE_LIMIT = 128
LAYER_LIMIT = 140
LOG_GROUP_LIMIT = 512
MESSAGE_QUEUE_LIMIT = 80
NAME_TAG_LIMIT = 256
NETWORK = "network"
REPOSITORY_LIMIT = 256
ROLE_LIMIT = 64
RULE_LIMIT = 64
SCHEDULE_LIMIT = 64
SECRET_LIMIT = 512
SECURITY_GROUP_LIMIT = 255
STATE_MACHINE_LIMIT = 80
SUBNET_GROUP_LIMIT = 255
TOPIC_LIMIT = 256
TRAIL_LIMIT = 128
WAREHOUSE_LIMIT = 63
_LIMITS = {
    "images": REPOSITORY_LIMIT,
    "secrets": SECRET_LIMIT,
    "message_queues": MESSAGE_QUEUE_LIMIT,
    "compute_environments": BATCH_LIMIT,
    "job_queues": BATCH_LIMIT,
    "jobs": BATCH_LIMIT,
    "databases": DATABASE_LIMIT,
    "warehouses": WAREHOUSE_LIMIT,
    "topics": TOPIC_LIMIT,
    "filesystems": FILE_SYSTEM_LIMIT,
    "functions": FUNCTION_LIMIT,
    "desktops": DESKTOP_LIMIT,
    "hosts": HOST_LIMIT,
    "workflows": STATE_MACHINE_LIMIT,
}
HASH_DIGITS = 4


def fit(whole: str, limit: int) -> str:
    """Cut a name that is too long for its service; it then ends in `-` and 8 hex digits of the whole name's SHA-256."""
    if len(whole) <= limit:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:8]
    return f"{whole[: limit - 9].rstrip('-_.')}-{digest}"


def physical_name(
    pipeline: str,
    stage: str | None,
    name: str | None,
    what: str | None = None,
    *,
    limit: int,
    joint: str = "_",
    suffix: str = "",
) -> str:
    """Build `{pipeline}[-{stage}][-{name}][_{what}][-{suffix}]`, cut to the service's limit.

    Args:
        pipeline: The spec's pipeline.
        stage: Its stage, None without.
        name: The entry's key; None for what belongs to the whole instance (`shop_dead`).
        what: What is made inside or for the thing.
        limit: The longest name the service takes.
        joint: What stands before `what`: `-` where a service refuses `_`.
        suffix: What makes the name unique beyond account and region.
    """
    whole = "-".join(part for part in (pipeline, stage, name) if part)
    whole += f"{joint}{what}" if what else ""
    whole += f"-{suffix}" if suffix else ""
    return fit(whole, limit)


def entry_name(owner: tuple[str, str | None], section: str, entry: Any, account: str, region: str) -> str:
    """Name what an entry of a section becomes: its fixed name, else one made of pipeline, stage and key.

    What AWS cannot change in an environment or a queue stands in its name as a hash: another value is another name,
    so the new one can be made before the old one goes.
    """
    if entry.name:
        return str(entry.name)
    if section == "buckets":
        return bucket_name(*owner, entry.key, account, region)
    fixed = _fixed(section, entry)
    suffix = hashlib.sha256(repr(fixed).encode()).hexdigest()[:HASH_DIGITS] if fixed is not None else ""
    return physical_name(*owner, entry.key, limit=_LIMITS[section], suffix=suffix)


def _fixed(section: str, entry: Any) -> object:
    """Give what AWS cannot change in an environment or a queue; what stands on Fargate keeps the name it has."""
    if section == "compute_environments":
        return (entry.type, processor_of(entry.instance_types)) if entry.on_ec2 else entry.type
    if section == "job_queues":
        return (bool(entry.shares), "ec2") if entry.on_ec2 else bool(entry.shares)
    return None


def bucket_name(pipeline: str, stage: str | None, name: str, account: str, region: str) -> str:
    """Name a bucket: names of buckets are the whole world's, so account and region end it."""
    return physical_name(pipeline, stage, name, limit=BUCKET_LIMIT, suffix=f"{account}-{region}")


def trail_bucket_name(pipeline: str, stage: str | None, trigger: str, account: str, region: str) -> str:
    """Name the bucket that the trail of a trigger writes to."""
    return bucket_name(pipeline, stage, f"{trigger}-trail", account, region)


def role_name(pipeline: str, stage: str | None, name: str | None, what: str, region: str) -> str:
    """Name a role: roles are the account's, so the region ends it."""
    return physical_name(pipeline, stage, name, what, limit=ROLE_LIMIT, suffix=region)


def dead_letter_name(pipeline: str, stage: str | None, name: str | None, fixed: str | None = None) -> str:
    """Name the dead-letter queue of a message queue, or (without `name`) the instance's own, `{pipeline}_dead`."""
    if fixed:
        return fit(f"{fixed}_dead", MESSAGE_QUEUE_LIMIT)
    return physical_name(pipeline, stage, name, "dead", limit=MESSAGE_QUEUE_LIMIT)


def trigger_machine_name(pipeline: str, stage: str | None, trigger: str) -> str:
    """Name the state machine of a trigger that starts a job or a function."""
    return physical_name(pipeline, stage, trigger, "start", limit=STATE_MACHINE_LIMIT)


def schedule_name(job: str, schedule: str) -> str:
    """Name a schedule inside the instance's own group."""
    return fit(f"{job}_{schedule}", SCHEDULE_LIMIT)
