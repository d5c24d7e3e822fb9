"""Batch's operations on jobs, from decoded calls to the board and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from scrapectl.local.jobs.attempt import runner_of
from scrapectl.local.jobs.board import Board
from scrapectl.local.jobs.job import Job, detail, summary
from scrapectl.local.paging import page
from scrapectl.local.registry import Call, Params, Refusal, check, operation
from scrapectl.local.services.batch.state import find_queue, refuse, short_name, state_of

MOST_DESCRIBED = 100
MOST_LISTED = 1000
MOST_FILTERED = 100
FRONT = 100
MOST_ENDED = 50


def _board(call: Call) -> Board:
    return runner_of(call.cloud).board


def _job(call: Call, id_or_arn: str) -> Job | None:
    job = _board(call).jobs.get(short_name(id_or_arn))
    return job if job is not None and job.region == call.region else None


@operation("batch", "SubmitJob")
def submit(call: Call) -> Params:
    """Take a job in; what is wrong with a request is refused before, in `services.batch.submit`."""
    job = _board(call).submit(call.params, call.region)
    return {"jobArn": job.arn, "jobName": job.name, "jobId": job.id}


@operation("batch", "DescribeJobs")
def describe(call: Call) -> Params:
    """Answer jobs by id; one that is unknown is no error."""
    wanted = call.params["jobs"]
    if len(wanted) > MOST_DESCRIBED:
        raise refuse("Cannot describe more than 100 jobs")
    tags = state_of(call).tags
    found = [job for job in (_job(call, name) for name in wanted) if job is not None]
    return {"jobs": [detail(job, dict(tags.get(job.arn, {}))) for job in found]}


@operation("ecs", "ListTasks")
def list_tasks(call: Call) -> Params:
    """Answer the tasks that run in the cluster of an environment; Batch's are the only clusters there are."""
    cluster = str(call.params.get("cluster", "default"))
    known = {resource.document["ecsClusterArn"] for resource in state_of(call).environments.values()}
    if cluster not in known:
        raise Refusal("ClusterNotFoundException", "Cluster not found.", 400)
    return {"taskArns": _board(call).tasks_in(cluster)}


@check("batch", "DeleteComputeEnvironment")
def check_delete_environment(call: Call) -> None:
    """Refuse what would leave a Fargate environment INVALID: AWS wants its jobs ended first."""
    environment = state_of(call).environments.get(short_name(call.params["computeEnvironment"]))
    if environment and _board(call).tasks_in(environment.document["ecsClusterArn"]):
        raise refuse("Cannot delete, the compute environment has active jobs")


@operation("batch", "ListJobs")
def list_jobs(call: Call) -> Params:
    """Answer a queue's jobs, or an array's children, newest first; RUNNING ones when nothing else is asked for."""
    params = call.params
    if sum(bool(params.get(key)) for key in ("jobQueue", "arrayJobId", "multiNodeJobId")) != 1:
        raise refuse("Exactly one of jobQueue, arrayJobId and multiNodeJobId must be specified")
    filters = params.get("filters") or []
    if len(filters) > 1:
        raise refuse("Only one filter can be used at a time")
    found = _candidates(call)
    by_share = bool(filters) and filters[0]["name"] == "SHARE_IDENTIFIER"
    if filters and not params.get("arrayJobId"):
        found = [job for job in found if _passes(job, filters[0])]
    if not filters or params.get("arrayJobId") or (by_share and params.get("jobStatus")):
        found = [job for job in found if job.status == params.get("jobStatus", "RUNNING")]
    found.sort(key=lambda job: (-job.created_at, -job.order if job.index is None else job.index))
    most = MOST_FILTERED if filters else MOST_LISTED
    shown, token = page(found, params.get("maxResults"), params.get("nextToken"), most=most, code="ClientException")
    return {"jobSummaryList": [summary(job) for job in shown], "nextToken": token}


def _candidates(call: Call) -> list[Job]:
    params, jobs = call.params, _board(call).jobs
    if params.get("arrayJobId"):
        parent = _job(call, params["arrayJobId"])
        return [jobs[f"{parent.id}:{index}"] for index in range(parent.size or 0)] if parent else []
    if params.get("multiNodeJobId"):
        return []
    queue = find_queue(call.cloud, call.region, params["jobQueue"])["jobQueueArn"]
    return [job for job in jobs.values() if job.queue == queue and job.parent is None]


def _passes(job: Job, wanted: dict[str, Any]) -> bool:
    test = _FILTERS.get(wanted["name"])
    if test is None:
        raise refuse(f"Unknown filter: {wanted['name']}")
    return any(test(job, value) for value in wanted.get("values") or [])


def _is_of_definition(job: Job, value: str) -> bool:
    numbered = short_name(job.definition)
    names = (job.definition, numbered, numbered.partition(":")[0])
    return any(_matches(name, value) for name in names)


def _matches(text: str, pattern: str) -> bool:
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern


_FILTERS: dict[str, Callable[[Job, str], bool]] = {
    "JOB_NAME": lambda job, value: _matches(job.name.lower(), value.lower()),
    "JOB_DEFINITION": _is_of_definition,
    "BEFORE_CREATED_AT": lambda job, value: job.created_at < int(value),
    "AFTER_CREATED_AT": lambda job, value: job.created_at > int(value),
    "SHARE_IDENTIFIER": lambda job, value: job.share == value,
}


@operation("batch", "CancelJob")
def cancel(call: Call) -> Params:
    """Cancel what did not start; an unknown job is no error."""
    job = _job(call, call.params["jobId"])
    if job is not None and not job.ended:
        _board(call).cancel(job, call.params["reason"])
    return {}


@operation("batch", "TerminateJob")
def terminate(call: Call) -> Params:
    """End a job in whatever state; an unknown job is no error."""
    job = _job(call, call.params["jobId"])
    if job is not None:
        _board(call).terminate(job, call.params["reason"])
    return {}


@operation("batch", "CancelJobs")
def cancel_many(call: Call) -> Params:
    """Cancel up to fifty jobs."""
    return _each(call, cancel)


@operation("batch", "TerminateJobs")
def terminate_many(call: Call) -> Params:
    """End up to fifty jobs."""
    return _each(call, terminate)


def _each(call: Call, end: Callable[[Call], Params]) -> Params:
    names = call.params["jobs"]
    if len(names) > MOST_ENDED:
        raise refuse("jobs holds more than 50 jobs")
    for name in names:
        end(replace(call, params={"jobId": name, "reason": call.params["reason"]}))
    return {"successful": names, "errors": []}


@operation("batch", "GetJobQueueSnapshot")
def snapshot(call: Call) -> Params:
    """Answer the first hundred RUNNABLE jobs of a queue."""
    arn = find_queue(call.cloud, call.region, call.params["jobQueue"])["jobQueueArn"]
    line = _board(call).lines.get((call.region, arn))
    front = list(line.in_order())[:FRONT] if line else []
    jobs = [{"jobArn": job.arn, "earliestTimeAtPosition": job.created_at} for job in front]
    return {"frontOfQueue": {"jobs": jobs, "lastUpdatedAt": int(call.cloud.clock.now() * 1000)}}
