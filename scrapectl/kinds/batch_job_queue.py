"""Turns a queue and the environments it tries in order into a job queue of AWS Batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from scrapectl.engine.marks import Identity
from scrapectl.engine.resource import Aws, Key, Listing, Live, Needs, Pace, Removal, Resource, Scopes, Update
from scrapectl.kinds.batch_describe import GONE, SETTLING, arn_name, describe, status_of
from scrapectl.kinds.batch_jobs import end_jobs, jobs_in
from scrapectl.kinds.tags import own_tags

STUCK = (
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
)
"""Why a job may stand at the head of its queue and not start (jobs stuck in RUNNABLE, Batch user guide)."""


def job_queue_arn(partition: str, region: str, account: str, name: str) -> str:
    """Say the ARN that a job queue of this name has."""
    return f"arn:{partition}:batch:{region}:{account}:job-queue/{name}"


@dataclass(frozen=True, kw_only=True)
class BatchJobQueue(Resource):
    """A job queue.

    Attributes:
        compute: ARNs of compute environments, in the order they are tried; at most three.
        priority: Of queues that share an environment the one with the bigger number goes first.
        scheduling_policy: ARN; None: first in, first out. AWS can exchange one, but neither add nor remove it.
        state: ENABLED, or DISABLED when it takes no jobs.
        stuck_after: Seconds after which its first job is cancelled when it cannot start; None: never.
    """

    name: Identity[str]
    compute: tuple[Any, ...]
    priority: int = 1
    scheduling_policy: Any = None
    state: str = "ENABLED"
    stuck_after: int | None = None

    kind: ClassVar[str] = "batch_job_queue"
    pace: ClassVar[Pace] = SETTLING
    sweep: ClassVar[str | None] = "batch:{region}:{account}:job-queue/"
    listing: ClassVar[Listing | None] = Listing("batch", "describe_job_queues", "jobQueues", "jobQueueName")
    acts: ClassVar[bool] = True
    needs: ClassVar[Needs] = Needs(
        read=("batch:DescribeJobQueues",),
        create=("batch:CreateJobQueue", "batch:TagResource"),
        update=("batch:TagResource", "batch:UntagResource", "batch:UpdateJobQueue"),
        delete=("batch:DeleteJobQueue", "batch:ListJobs", "batch:TerminateJob", "batch:UpdateJobQueue"),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {
            "batch:job-queue": ("batch:{region}:{account}:job-queue/{name}",),
            "batch:job": ("batch:{region}:{account}:job/{any}",),
        },
    )

    @classmethod
    def read_many(cls, aws: Aws, keys: Sequence[Key]) -> dict[Key, Live]:
        """Read all in one describe for each hundred."""
        entries = describe(aws, "describe_job_queues", "jobQueues", jobQueues=[name for (name,) in keys])
        lives = [cls._live(entry) for entry in entries if entry["status"] != "DELETED"]
        return {live.resource.key(): live for live in lives}

    @classmethod
    def _live(cls, entry: Mapping[str, Any]) -> Live:
        order = sorted(entry.get("computeEnvironmentOrder", ()), key=lambda place: place["order"])
        resource = cls(
            name=entry["jobQueueName"],
            compute=tuple(place["computeEnvironment"] for place in order),
            priority=entry["priority"],
            scheduling_policy=entry.get("schedulingPolicyArn") or None,
            state=entry["state"],
            stuck_after=_stuck_after(entry.get("jobStateTimeLimitActions") or ()),
        )
        outputs = {"arn": entry["jobQueueArn"], "name": resource.name}
        reason = entry.get("statusReason", "")
        return Live(resource, outputs, own_tags(entry.get("tags", {})), status_of(entry), reason)

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it; its environments must be VALID."""
        aws.call(
            "batch",
            "create_job_queue",
            blind_retry=False,  # after a lost answer AWS would refuse the repeat: "Object already exists"
            jobQueueName=self.name,
            state=self.state,
            priority=self.priority,
            computeEnvironmentOrder=self._order(),
            tags=dict(tags),
            **_policy_of(self),
            **self._limited(),
        )
        return None

    def update(self, aws: Aws, update: Update) -> None:
        """Send what differs, everything to a broken one; always with the policy, as AWS wants one that is set."""
        whole: dict[str, Any] = {
            "state": self.state,
            "priority": self.priority,
            "compute": self._order(),
            "stuck_after": self._limits(),
        }
        changed = whole.keys() if "status" in update.changed else update.changed & whole.keys()
        members = {"compute": "computeEnvironmentOrder", "stuck_after": "jobStateTimeLimitActions"}
        parameters = {members.get(name, name): whole[name] for name in changed}
        aws.call("batch", "update_job_queue", jobQueue=self.name, **parameters, **_policy_of(self))

    def _order(self) -> list[dict[str, Any]]:
        return [{"order": place, "computeEnvironment": arn} for place, arn in enumerate(self.compute, start=1)]

    def _limited(self) -> dict[str, Any]:
        return {} if self.stuck_after is None else {"jobStateTimeLimitActions": self._limits()}

    def _limits(self) -> list[dict[str, Any]]:
        if self.stuck_after is None:
            return []
        limit = {"state": "RUNNABLE", "maxTimeSeconds": self.stuck_after, "action": "CANCEL"}
        return [{"reason": reason, **limit} for reason in STUCK]

    def fixed(self, live: Live) -> frozenset[str]:
        """A policy can be exchanged for another, but never be added or removed."""
        standing = cast("BatchJobQueue", live.resource)
        if (self.scheduling_policy is None) != (standing.scheduling_policy is None):
            return frozenset({"scheduling_policy"})
        return frozenset()

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> str | None:
        """Disable it; when that has settled, delete it: after the end of the jobs that it holds, or with them."""
        queue = cast("BatchJobQueue", live.resource)
        if queue.state == "ENABLED":
            aws.call(
                "batch", "update_job_queue", absent=GONE, jobQueue=queue.name, state="DISABLED", **_policy_of(queue)
            )
            return None
        held = jobs_in(aws, queue.name) if removal.drains else []
        if held and removal.kill:
            end_jobs(aws, held, "its queue is replaced or removed")
        if held:
            return f"it takes no more jobs, and waits for the end of the {len(held)} that it holds"
        aws.call("batch", "delete_job_queue", absent=GONE, jobQueue=queue.name)
        return None

    @classmethod
    def key_of_arn(cls, arn: str) -> Key | None:
        """Take the name at the end of the ARN."""
        name = arn_name(arn, "job-queue")
        return (name,) if name else None


def _stuck_after(limits: Iterable[Mapping[str, Any]]) -> int | None:
    """Read the one time of all our limits back; other limits, or other times for some, are another time: 0."""
    times = {limit["reason"]: limit["maxTimeSeconds"] for limit in limits}
    if not times:
        return None
    return times[STUCK[0]] if times.keys() == set(STUCK) and len(set(times.values())) == 1 else 0


def _policy_of(queue: BatchJobQueue) -> dict[str, Any]:
    """Name the policy in a request; a queue without one must not mention it."""
    return {"schedulingPolicyArn": queue.scheduling_policy} if queue.scheduling_policy else {}
