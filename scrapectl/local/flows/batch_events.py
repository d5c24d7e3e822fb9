"""Tells EventBridge of every change of a Batch job's state, as AWS does: the whole job, as DescribeJobs answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.local.flows.bus import new_event, put_event
from scrapectl.local.jobs.job import Job, detail
from scrapectl.local.services.batch.state import state_in

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud
    from scrapectl.local.registry import Params


def tell_state(cloud: Cloud, job: Job) -> None:
    """Put a "Batch Job State Change" of this moment on the default bus; array children are told as well."""

    def make() -> Params:
        tags = state_in(cloud, job.region).tags.get(job.arn, {})
        event = new_event(cloud, job.region, "aws.batch", "Batch Job State Change", detail(job, dict(tags)))
        return event | {"resources": [job.arn]}

    put_event(cloud, job.region, make)
