"""A queue, or the tasks in an environment's cluster → the jobs in it that have not ended, and their end."""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from typing import Any

from scrapectl.engine.resource import Aws

_NO_QUEUE = ("ClientException:does not exist", "ClientException:not found")
_NO_CLUSTER = ("ClusterNotFoundException",)
_NOT_ENDED = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "RUNNABLE")
"""In the order of a job's life, asked one after the other: what goes on meanwhile is met again, also what failed and
is tried once more."""
_STARTED = ("STARTING", "RUNNING")
_DESCRIBED_AT_ONCE = 100


def jobs_in(aws: Aws, queue: str) -> list[str]:
    """Ids of the jobs that a queue holds, an array as one; of each state a page, for who waits will ask again."""
    ask: Any = functools.partial(aws.call, "batch", "list_jobs", absent=_NO_QUEUE, jobQueue=queue)
    answers = [ask(jobStatus=state) for state in _NOT_ENDED]
    return list(dict.fromkeys(job["jobId"] for answer in answers if answer for job in answer["jobSummaryList"]))


def tasks_in(aws: Aws, cluster: str) -> list[str]:
    """ARNs of the tasks in the cluster that Batch made for an environment; a page of them."""
    answer = aws.call("ecs", "list_tasks", absent=_NO_CLUSTER, cluster=cluster)
    return list(answer["taskArns"]) if answer else []


def jobs_of(aws: Aws, tasks: Collection[str]) -> list[str]:
    """Ids of the jobs whose tasks these are; Batch lists jobs by their queue only, so that every queue is asked."""
    queues = aws.pages("batch", "describe_job_queues", "jobQueues")
    found = aws.gather([functools.partial(_started, aws, jobQueue=queue["jobQueueArn"]) for queue in queues])
    arrays = aws.gather([functools.partial(_arrays, aws, queue["jobQueueArn"]) for queue in queues])
    found += aws.gather([functools.partial(_started, aws, arrayJobId=array) for ids in arrays for array in ids])
    started = list(dict.fromkeys(job for ids in found for job in ids))
    chunks = [started[i : i + _DESCRIBED_AT_ONCE] for i in range(0, len(started), _DESCRIBED_AT_ONCE)]
    answers = aws.gather([functools.partial(aws.call, "batch", "describe_jobs", jobs=chunk) for chunk in chunks])
    jobs = [job for answer in answers for job in answer["jobs"]]
    return [job["jobId"] for job in jobs if (job.get("container") or {}).get("taskArn") in tasks]


def end_jobs(aws: Aws, jobs: Sequence[str], reason: str) -> None:
    """End jobs, an array with its children; one that has ended already is left as it is."""
    aws.gather([functools.partial(aws.call, "batch", "terminate_job", jobId=job, reason=reason) for job in jobs])


def _started(aws: Aws, **holder: str) -> list[str]:
    ask: Any = functools.partial(aws.pages, "batch", "list_jobs", "jobSummaryList", absent=_NO_QUEUE, **holder)
    return [job["jobId"] for state in _STARTED for job in ask(jobStatus=state) or ()]


def _arrays(aws: Aws, queue: str) -> list[str]:
    """An array is PENDING while its children run (ListJobs, Batch API)."""
    ask: Any = functools.partial(aws.pages, "batch", "list_jobs", "jobSummaryList", absent=_NO_QUEUE, jobQueue=queue)
    return [job["jobId"] for job in ask(jobStatus="PENDING") or () if "size" in (job.get("arrayProperties") or {})]
