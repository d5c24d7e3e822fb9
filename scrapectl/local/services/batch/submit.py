"""What SubmitJob refuses, whoever runs the job."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from scrapectl.local.registry import Call, check
from scrapectl.local.services.batch.definition_checks import (
    check_environment,
    check_retry,
    check_size_on_ec2,
    check_timeout,
)
from scrapectl.local.services.batch.fargate import size_problem
from scrapectl.local.services.batch.state import check_name, find_definition, find_queue, refuse
from scrapectl.local.services.batch.tags import check_tags

if TYPE_CHECKING:
    from scrapectl.local.registry import Params

SHARE = re.compile(r"[A-Za-z0-9_-]{1,255}\*?\Z")
MOST_BYTES = 30 * 1024
ARRAY = range(2, 10_001)


@check("batch", "SubmitJob")
def check_submission(call: Call) -> None:
    """Refuse a submission that AWS refuses (AWS-FACTS section 2.6)."""
    params = call.params
    check_name(params["jobName"], "jobName")
    if len(json.dumps(params, default=str)) > MOST_BYTES:
        raise refuse("SubmitJob payload is larger than 30 KiB")
    queue = find_queue(call.cloud, call.region, params["jobQueue"])
    if queue["state"] != "ENABLED" or queue["status"] == "DELETING":
        raise refuse(f"Job Queue {queue['jobQueueArn']} is not ENABLED")
    definition = find_definition(call.cloud, call.region, params["jobDefinition"])
    _check_share(params, queue, definition)
    size = (params.get("arrayProperties") or {}).get("size")
    if size is not None and size not in ARRAY:
        raise refuse("Array size must be between 2 and 10000")
    if len(params.get("dependsOn") or []) > 20:  # noqa: PLR2004 - AWS's bound
        raise refuse("dependsOn holds more than 20 jobs")
    check_retry(params.get("retryStrategy"))
    check_timeout(params.get("timeout"))
    check_tags(params.get("tags"))
    _check_overrides(params.get("containerOverrides") or {}, definition)


def _check_share(params: Params, queue: Params, definition: Params) -> None:
    share = params.get("shareIdentifier")
    if not queue["schedulingPolicyArn"]:
        if share is not None:
            raise refuse("shareIdentifier cannot be specified for a job queue without a scheduling policy")
        return
    if not share:
        raise refuse("shareIdentifier must be specified for a job queue with a scheduling policy")
    if not SHARE.match(share):
        raise refuse(f"Invalid shareIdentifier: {share}")
    if definition.get("schedulingPriority") is None and params.get("schedulingPriorityOverride") is None:
        raise refuse("Either schedulingPriority in job definition or schedulingPriorityOverride should be specified.")


def _check_overrides(overrides: dict[str, Any], definition: Params) -> None:
    check_environment(overrides.get("environment") or [])
    container = definition.get("containerProperties") or {}
    changed = {entry["type"]: entry for entry in overrides.get("resourceRequirements") or []}
    if not changed:
        return
    requirements = {entry["type"]: entry for entry in container.get("resourceRequirements") or []} | changed
    if definition["platformCapabilities"] != ["FARGATE"]:
        if container.get("resourceRequirements"):
            check_size_on_ec2(list(requirements.values()))
        return
    problem = size_problem(list(requirements.values()))
    if problem:
        raise refuse(problem)
