"""Finds what AWS would refuse, or never do, in a spec whose shape is right; nothing here asks AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapectl.spec.checks.circles import check_circles
from scrapectl.spec.checks.compute import check_compute
from scrapectl.spec.checks.databases import check_database_secrets, check_databases
from scrapectl.spec.checks.desktops import check_desktop
from scrapectl.spec.checks.environment import check_environment
from scrapectl.spec.checks.expect import check_expectations
from scrapectl.spec.checks.filesystems import check_filesystem, check_job_mounts
from scrapectl.spec.checks.function_environment import check_function_environment
from scrapectl.spec.checks.functions import check_function
from scrapectl.spec.checks.hosts import check_host
from scrapectl.spec.checks.jobs import check_job
from scrapectl.spec.checks.loaders import check_loaders
from scrapectl.spec.checks.network import check_made_network
from scrapectl.spec.checks.physical import check_physical_names
from scrapectl.spec.checks.power import check_power
from scrapectl.spec.checks.reach import check_reach
from scrapectl.spec.checks.schedules import check_schedule
from scrapectl.spec.checks.sections import (
    check_bucket,
    check_logs,
    check_pipeline,
    check_queue,
    check_quotas,
)
from scrapectl.spec.checks.sizes import check_size
from scrapectl.spec.checks.tags import check_tags
from scrapectl.spec.checks.together import check_together
from scrapectl.spec.checks.topics import check_topics
from scrapectl.spec.checks.triggers import check_triggers
from scrapectl.spec.checks.visibility import check_visibility
from scrapectl.spec.checks.warehouses import check_warehouses
from scrapectl.spec.checks.workflows import check_workflow

if TYPE_CHECKING:
    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Function, Job, Spec, Workflow


def check_values(values: dict[str, Any], findings: Findings) -> None:
    """Check which keys may stand together, while it is known which are written."""
    check_together(values, findings)


def check_spec(spec: Spec, findings: Findings) -> None:
    """Check everything that depends on more than one key, or on rules of AWS."""
    check_pipeline(spec, findings)
    check_tags(spec, findings)
    check_logs(spec.logs, findings)
    if spec.network.made and all(findings.is_sound(f"network.{key}") for key in ("cidr", "zones")):
        check_made_network(spec.network.made, findings)
    check_quotas(spec, findings)
    for bucket in spec.buckets.values():
        check_bucket(bucket, findings)
    for queue in spec.job_queues.values():
        check_queue(queue, findings)
    check_compute(spec, findings)
    check_topics(spec, findings)
    check_databases(spec, findings)
    check_warehouses(spec, findings)
    check_loaders(spec, findings)
    check_expectations(spec, findings)
    _check_runners(spec, findings)
    for filesystem in spec.filesystems.values():
        check_filesystem(filesystem, findings)
    for desktop in spec.desktops.values():
        check_desktop(desktop, findings)
    check_triggers(spec, findings)
    check_visibility(spec, findings)
    check_reach(spec, findings)
    check_power(spec, findings)
    check_circles(spec, findings)
    check_physical_names(spec, findings)


def _check_runners(spec: Spec, findings: Findings) -> None:
    """Check what runs, and when."""
    for job in spec.jobs.values():
        check_job(spec, job, findings)
        check_size(spec, job, findings)
        check_database_secrets(spec, job, findings)
        check_job_mounts(spec, job, findings)
        check_environment(job, findings)
    for function in spec.functions.values():
        check_function(spec, function, findings)
        check_database_secrets(spec, function, findings)
        check_function_environment(function, findings)
    for workflow in spec.workflows.values():
        check_workflow(spec, workflow, findings)
    for host in spec.hosts.values():
        check_host(spec, host, findings)
        check_database_secrets(spec, host, findings)
    runners: list[Job | Function | Workflow] = [*spec.jobs.values(), *spec.functions.values(), *spec.workflows.values()]
    for runner in runners:
        for schedule in runner.schedules.values():
            check_schedule(schedule, findings)
