"""(AWS, jobs) → their runs: state, duration, exit code, reason and log streams, as AWS Batch tells them."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scrapectl.engine.ownership import PIPELINE
from scrapectl.operate.jobs import StandingJob, definition_name, name_in_spec
from scrapectl.operate.jobs import log_group as log_group_of
from scrapectl.operate.run import ENDED, Run

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws

AT_ONCE = 100  # ids that DescribeJobs takes
NO_QUEUE = ("ClientException:does not exist", "ClientException:not found")
ANY_TIME = [{"name": "AFTER_CREATED_AT", "values": ["0"]}]


def list_runs(aws: Aws, jobs: Mapping[str, StandingJob]) -> list[Run]:
    """Every run of these jobs that Batch remembers (a week from its end), newest first, without log streams.

    One listing for each queue: with a filter Batch lists runs of every state.
    """
    names = {job.definition: name for name, job in jobs.items()}
    queues = sorted({job.queue for job in jobs.values() if job.queue})
    ask = functools.partial(aws.pages, "batch", "list_jobs", "jobSummaryList", absent=NO_QUEUE, filters=ANY_TIME)
    listings = aws.gather([functools.partial(ask, jobQueue=queue) for queue in queues])
    entries = {entry["jobId"]: entry for listing in listings for entry in listing or ()}
    ours = [entry for entry in entries.values() if definition_name(entry.get("jobDefinition", "")) in names]
    runs = [_run(entry, names[definition_name(entry["jobDefinition"])]) for entry in ours]
    return sorted(runs, key=lambda run: (-run.created, run.id))


def describe_runs(aws: Aws, owner: str, ids: Sequence[str], jobs: Mapping[str, StandingJob] | None = None) -> list[Run]:
    """Read runs by id, in that order; those that Batch has forgotten are left out."""
    chunks = [list(ids[i : i + AT_ONCE]) for i in range(0, len(ids), AT_ONCE)]
    answers = aws.gather([functools.partial(aws.call, "batch", "describe_jobs", jobs=chunk) for chunk in chunks])
    names = {job.definition: name for name, job in (jobs or {}).items()}
    found = {}
    for entry in (entry for answer in answers for entry in answer["jobs"]):
        definition = definition_name(entry["jobDefinition"])
        name = names.get(definition) or name_in_spec(entry.get("container") or {}) or definition
        found[entry["jobId"]] = _run(entry, name, f"/scrapectl/{owner}")
    return [found[run_id] for run_id in ids if run_id in found]


def find_run(aws: Aws, owner: str, run_id: str, jobs: Mapping[str, StandingJob]) -> Run | None:
    """The run of an id, which must be this instance's: another's is not shown and not stopped."""
    entries = aws.call("batch", "describe_jobs", jobs=[run_id])["jobs"]
    if entries and _is_ours(aws, owner, entries[0]["jobDefinition"], jobs):
        return describe_runs(aws, owner, [run_id], jobs)[0]
    return None


def children(aws: Aws, owner: str, run: Run, jobs: Mapping[str, StandingJob] | None = None) -> list[Run]:
    """The children of an array in the order of their index; none of any other run."""
    ids = [f"{run.id}:{index}" for index in range(run.size or 0)]
    return describe_runs(aws, owner, ids, jobs) if ids else []


def with_failed(aws: Aws, runs: Sequence[Run]) -> list[Run]:
    """The same runs, those arrays that failed with their failed children: one listing for each such array."""
    asks = [functools.partial(_failed_children, aws, run) for run in runs]
    return [dataclasses.replace(run, failed=kids) for run, kids in zip(runs, aws.gather(asks), strict=True)]


def _failed_children(aws: Aws, run: Run) -> tuple[Run, ...]:
    if run.size is None or run.state != "FAILED":
        return ()
    listed = aws.pages("batch", "list_jobs", "jobSummaryList", arrayJobId=run.id, jobStatus="FAILED")
    return tuple(sorted((_run(entry, run.name, run.log_group) for entry in listed), key=lambda kid: kid.index or 0))


def _is_ours(aws: Aws, owner: str, definition: str, jobs: Mapping[str, StandingJob]) -> bool:
    """Whether a definition is this instance's: also one whose job is no longer in the spec."""
    if definition_name(definition) in {job.definition for job in jobs.values()}:
        return True
    found = aws.pages("batch", "describe_job_definitions", "jobDefinitions", jobDefinitions=[definition])
    return any(entry.get("tags", {}).get(PIPELINE) == owner for entry in found)


def _run(entry: Mapping[str, Any], name: str, log_group: str = "") -> Run:
    """Read an entry of DescribeJobs, or of ListJobs, which says less."""
    container = entry.get("container") or {}
    attempts = entry.get("attempts") or []
    last = (attempts[-1].get("container") or {}) if attempts else {}
    streams = [(attempt.get("container") or {}).get("logStreamName") for attempt in attempts]
    streams.append(container.get("logStreamName"))
    code = container.get("exitCode", last.get("exitCode"))
    array = entry.get("arrayProperties") or {}
    return Run(
        id=entry["jobId"],
        name=name,
        state=entry["status"],
        created=_seconds(entry.get("createdAt")) or 0.0,
        started=_seconds(entry.get("startedAt")),
        stopped=_seconds(entry.get("stoppedAt")),
        exit_code=code if entry["status"] in ENDED else None,
        reason=_reason(entry, container, last),
        size=array.get("size") if "index" not in array else None,
        index=array.get("index"),
        log_group=log_group_of(container) or log_group,
        streams=tuple(dict.fromkeys(stream for stream in streams if stream)),
    )


def _reason(entry: Mapping[str, Any], container: Mapping[str, Any], last: Mapping[str, Any]) -> str | None:
    """What Batch says of the end (or of the wait), with what the container's host said of it."""
    said = [entry.get("statusReason"), container.get("reason") or last.get("reason")]
    if entry["status"] == "SUCCEEDED":
        return None
    return ": ".join(dict.fromkeys(text for text in said if text)) or None


def _seconds(milliseconds: int | None) -> float | None:
    return milliseconds / 1000 if milliseconds else None
