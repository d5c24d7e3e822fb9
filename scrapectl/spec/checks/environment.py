"""Finds environments that Batch refuses: reserved names, one name twice, more than fits into its requests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Job, Text

_RESERVED = "AWS_BATCH"
JOB_DEFINITION_BYTES = 24 * 1024
SUBMIT_BYTES = 30 * 1024
# What else stands in a definition or a request, ARNs and names of the longest kind included.
_OTHER_BYTES = 2048


def check_environment(job: Job, findings: Findings) -> None:
    """Check a job's environment and secrets, and those of its schedules."""
    for variable in job.environment:
        if variable in job.secrets:
            path = f"{job.origin}.environment.{variable}"
            findings.add(path, f'"{variable}" stands in secrets too.', "Remove one of the two.")
    for variable in job.secrets:
        _check_name(f"{job.origin}.secrets.{variable}", variable, findings)
    _check_names(job.environment, f"{job.origin}.environment", findings)
    words = sum(len(json.dumps(str(word))) + 1 for word in job.command)
    secrets = sum(len(variable) + 160 for variable in job.secrets)
    size = _bytes_of(job.environment) + words + secrets + _OTHER_BYTES
    _check_size(f"{job.origin}.environment", size, JOB_DEFINITION_BYTES, findings)
    for schedule in job.schedules.values():
        check_override(job, schedule.environment, f"{schedule.origin}.environment", findings)


def check_override(job: Job, environment: Mapping[str, Text], origin: str, findings: Findings) -> None:
    """Check what a schedule or a step adds to a job's environment; `origin` is where it stands."""
    _check_names(environment, origin, findings)
    for variable in environment:
        if variable in job.secrets:
            message = f'"{variable}" is a secret of the job, and cannot be overridden.'
            findings.add(f"{origin}.{variable}", message, "Remove it here, or from secrets.")
    _check_size(origin, _bytes_of(environment) + _OTHER_BYTES, SUBMIT_BYTES, findings)


def _check_names(environment: Mapping[str, Text], origin: str, findings: Findings) -> None:
    for variable in environment:
        _check_name(f"{origin}.{variable}", variable, findings)


def _check_name(path: str, variable: str, findings: Findings) -> None:
    if variable.startswith(_RESERVED):
        findings.add(path, f"names that begin with {_RESERVED} belong to Batch.", "Choose another name.")


def _bytes_of(environment: Mapping[str, Text]) -> int:
    return sum(len(json.dumps({"name": k, "value": str(v)}).encode()) + 1 for k, v in environment.items())


def _check_size(path: str, size: int, limit: int, findings: Findings) -> None:
    if size > limit:
        message = f"comes to about {size // 1024} KiB in Batch's request, which holds {limit // 1024} KiB."
        findings.add(path, message, "Keep large values in a bucket.")
