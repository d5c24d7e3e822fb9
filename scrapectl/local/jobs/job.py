"""A submitted Batch job, its attempts, and the states it goes through."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scrapectl.local.jobs.mounts import Mount
    from scrapectl.local.jobs.process import Process

STATES = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")
ENDED = frozenset({"SUCCEEDED", "FAILED"})
NOT_STARTED = frozenset({"SUBMITTED", "PENDING", "RUNNABLE"})
STARTED = frozenset({"STARTING", "RUNNING"})


@dataclass
class Attempt:
    """One run of a job's container; times are milliseconds since 1970 on the cloud's clock.

    Attributes:
        mounts: the folders of this machine that stand for its file systems.
    """

    task: str
    task_arn: str
    log_stream: str
    started_at: int | None = None
    stopped_at: int | None = None
    exit_code: int | None = None
    reason: str = ""
    status_reason: str = ""
    mounts: list[Mount] = field(default_factory=list)


@dataclass
class Job:
    """A job, an array's parent, or one of an array's children.

    Attributes:
        id: a UUID; a child's is its parent's with `:` and its index.
        container: the definition's container properties with the submission's overrides, in Batch's spelling.
        waits_for: ids of jobs that must succeed first.
        size: of an array, for its parent.
        index: in an array, for a child.
        array_size: of the array it belongs to, for a child.
        order: grows with each submission.
        environment: the compute environment it was placed in, as Describe answers it.
        stuck_since: when it was first seen unable to start, for the queue's time limits.
        end_reason: why it was cancelled or terminated.
        process: what runs now.
    """

    id: str
    arn: str
    name: str
    region: str
    queue: str
    definition: str
    created_at: int
    order: int
    container: dict[str, Any]
    retry: dict[str, Any] = field(default_factory=dict)
    timeout: int | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    depends_on: list[dict[str, str]] = field(default_factory=list)
    waits_for: set[str] = field(default_factory=set)
    share: str | None = None
    priority: int | None = None
    platform: list[str] = field(default_factory=list)
    propagate_tags: bool = False
    size: int | None = None
    index: int | None = None
    array_size: int | None = None
    parent: str | None = None
    status: str = "SUBMITTED"
    status_reason: str = ""
    started_at: int | None = None
    stopped_at: int | None = None
    attempts: list[Attempt] = field(default_factory=list)
    children: Counter[str] = field(default_factory=Counter)
    environment: dict[str, Any] = field(default_factory=dict)
    stuck_since: float | None = None
    cancelled: bool = False
    terminated: bool = False
    end_reason: str = ""
    process: Process | None = None

    @property
    def ended(self) -> bool:
        """Whether it is SUCCEEDED or FAILED for good."""
        return self.status in ENDED

    @property
    def vcpus(self) -> float:
        """How many vCPUs it needs."""
        return float(self._requirement("VCPU") or self.container.get("vcpus") or 1)

    @property
    def memory(self) -> float:
        """How many MiB it needs."""
        return float(self._requirement("MEMORY") or self.container.get("memory") or 0)

    def _requirement(self, kind: str) -> str | None:
        entries = self.container.get("resourceRequirements") or []
        return next((str(entry["value"]) for entry in entries if entry["type"] == kind), None)


def detail(job: Job, tags: dict[str, str]) -> dict[str, Any]:
    """What DescribeJobs answers."""
    told: dict[str, Any] = {
        "jobArn": job.arn,
        "jobName": job.name,
        "jobId": job.id,
        "jobQueue": job.queue,
        "status": job.status,
        "shareIdentifier": job.share,
        "schedulingPriority": job.priority,
        "attempts": [_attempt(attempt) for attempt in job.attempts if attempt.stopped_at is not None],
        "statusReason": job.status_reason or None,
        "createdAt": job.created_at,
        "retryStrategy": {"attempts": 1, "evaluateOnExit": []} | job.retry,
        "startedAt": job.started_at,
        "stoppedAt": job.stopped_at,
        "dependsOn": job.depends_on,
        "jobDefinition": job.definition,
        "parameters": job.parameters,
        "container": job.container | _last_run(job),
        "arrayProperties": _array(job) or None,
        "timeout": {"attemptDurationSeconds": job.timeout} if job.timeout else None,
        "tags": tags or None,
        "propagateTags": job.propagate_tags,
        "platformCapabilities": job.platform,
        "eksAttempts": [],
        "isCancelled": job.cancelled,
        "isTerminated": job.terminated,
    }
    return {key: value for key, value in told.items() if value is not None}


def summary(job: Job) -> dict[str, Any]:
    """What ListJobs answers."""
    last = job.attempts[-1] if job.attempts else None
    container = _present({"exitCode": last.exit_code, "reason": last.reason or None}) if last else {}
    told: dict[str, Any] = {
        "jobArn": job.arn,
        "jobId": job.id,
        "jobName": job.name,
        "createdAt": job.created_at,
        "shareIdentifier": job.share,
        "status": job.status,
        "statusReason": job.status_reason or None,
        "startedAt": job.started_at,
        "stoppedAt": job.stopped_at,
        "container": container or None,
        "arrayProperties": _array(job) or None,
        "jobDefinition": job.definition,
        "isCancelled": job.cancelled or None,
        "isTerminated": job.terminated or None,
    }
    return _present(told)


def _array(job: Job) -> dict[str, Any]:
    if job.size is not None:
        return {"statusSummary": {state: job.children[state] for state in STATES}, "size": job.size}
    return {} if job.index is None else {"index": job.index}


def _last_run(job: Job) -> dict[str, Any]:
    if not job.attempts:
        return {}
    last = job.attempts[-1]
    told = {"taskArn": last.task_arn, "exitCode": last.exit_code, "reason": last.reason or None}
    return _present(told | {"logStreamName": last.log_stream if last.started_at is not None else None})


def _attempt(attempt: Attempt) -> dict[str, Any]:
    container: dict[str, Any] = {
        "taskArn": attempt.task_arn,
        "exitCode": attempt.exit_code,
        "reason": attempt.reason or None,
        "logStreamName": attempt.log_stream if attempt.started_at is not None else None,
        "networkInterfaces": [],
    }
    told: dict[str, Any] = {
        "container": _present(container),
        "startedAt": attempt.started_at,
        "stoppedAt": attempt.stopped_at,
        "statusReason": attempt.status_reason,
        "taskProperties": [],
    }
    return _present(told)


def _present(told: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in told.items() if value is not None}
