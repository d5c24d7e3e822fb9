"""Turn a job's environment into one without the databases whose security groups do not let the job in.

The servers that stand in for databases listen on loopback, where no security group is asked. So it is asked here, when
the job starts: a closed database's port becomes one where nothing listens, wherever it stands in a variable. A job that
asks RDS itself for the endpoint is not held back.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scrapectl.local.services.rds.reach import lets_in
from scrapectl.local.services.rds.stand_in import NO_PORT
from scrapectl.local.services.rds.state import state_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapectl.local.cloud import Cloud
    from scrapectl.local.jobs.job import Job


def closed_ports(cloud: Cloud, job: Job) -> dict[int, str]:
    """Return the port and the name of each running database of the job's region that does not let it in."""
    resources = job.environment.get("computeResources") or {}
    groups, subnets = resources.get("securityGroupIds") or [], resources.get("subnets") or []
    return {
        instance.port: instance.name
        for instance in state_in(cloud, job.region).instances.values()
        if instance.port and not lets_in(cloud, job.region, instance, groups, subnets)
    }


def shut(environment: Mapping[str, str], closed: Mapping[int, str]) -> tuple[dict[str, str], set[str]]:
    """Return the environment with closed ports put out of reach, and the names of the databases it spoke of."""
    told: set[str] = set()
    shown = dict(environment)
    for port, name in closed.items():
        as_number = re.compile(rf"(?<![0-9.]){port}(?![0-9.])")
        for variable, value in shown.items():
            shown[variable], times = as_number.subn(str(NO_PORT), value)
            told |= {name} if times else set()
    return shown, told
