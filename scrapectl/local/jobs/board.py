"""Hold every job of a cloud, move each through Batch's states, and start those whose turn it is."""

from __future__ import annotations

import os
import uuid
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scrapectl.local.flows.batch_events import tell_state
from scrapectl.local.jobs.job import ENDED, NOT_STARTED, STARTED, Attempt, Job
from scrapectl.local.jobs.placement import CANCELED, place
from scrapectl.local.jobs.process import Ended
from scrapectl.local.jobs.retry import TIMED_OUT, tries_again
from scrapectl.local.jobs.shares import Line
from scrapectl.local.jobs.submission import check_dependencies, jobs_of, waits_for
from scrapectl.local.services.batch.state import find_definition, find_queue, state_in

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

AT_ONCE = max(8, 2 * (os.cpu_count() or 1))
"""Processes that run side by side, whatever the environments' maxvCpus allow: a scraper mostly waits."""

KEPT_SECONDS = 7 * 86_400
"""How long Batch still describes an ended job."""

EXITED = "Essential container in task exited"


class Board:
    """The jobs of all regions. Every method is called with the cloud's lock held.

    Args:
        cloud: Whose queues and environments the jobs go through.
        start: Begins an attempt in the background and calls `running` and `finished` from there.
    """

    def __init__(self, cloud: Cloud, start: Callable[[Job, Attempt], None]) -> None:
        self.jobs: dict[str, Job] = {}
        self.lines: dict[tuple[str, str], Line] = {}
        self._cloud = cloud
        self._start = start
        self._active: dict[str, Job] = {}
        self._dependents: dict[str, list[Job]] = {}
        self._made = 0

    def submit(self, params: dict[str, Any], region: str) -> Job:
        """Take a job in.

        Raises:
            Refusal: A dependency cannot be.
        """
        definition = find_definition(self._cloud, region, params["jobDefinition"])
        queue = find_queue(self._cloud, region, params["jobQueue"])
        made = jobs_of(params, definition, queue, (region, self._now(), self._made))
        first = made[0]
        check_dependencies(first, self.jobs.get)
        self._made += len(made)
        state = state_in(self._cloud, region)
        state.tags[first.arn] = dict(params.get("tags") or {})
        if self.queue_deleted not in state.queue_deleted:
            state.queue_deleted.append(self.queue_deleted)
        self._forget_old()
        self.jobs |= {job.id: job for job in made}
        for job in made:
            self._enter(job)
        self.dispatch()
        return first

    def running(self, job: Job, attempt: Attempt) -> None:
        """Note that a job's process runs."""
        attempt.started_at = job.started_at = self._now()
        self._move(job, "RUNNING")

    def finished(self, job: Job, attempt: Attempt, ended: Ended) -> None:
        """Note how an attempt ended, and what comes of it."""
        attempt.stopped_at = self._now()
        attempt.exit_code, attempt.reason = ended.exit_code, ended.reason
        attempt.status_reason = (
            TIMED_OUT if ended.timed_out else EXITED if ended.exit_code is not None else ended.reason
        )
        if job.terminated:
            attempt.status_reason = job.end_reason
        del self._active[job.id]
        job.process = None
        begun = (attempt.started_at or attempt.stopped_at) / 1000
        self._line(job).used.append((job.share, begun, attempt.stopped_at / 1000, job.vcpus))
        good = ended.exit_code == 0 and not job.terminated and not ended.timed_out
        if not good and not job.terminated and tries_again(job.retry, attempt, len(job.attempts)):
            job.status_reason = attempt.status_reason
            self._wait_in_line(job)
        else:
            self._end(job, "SUCCEEDED" if good else "FAILED", attempt.status_reason)
        self.dispatch()

    def cancel(self, job: Job, reason: str) -> None:
        """End a job, or those of an array, that did not start; what runs goes on."""
        for one in self._leaves(job):
            if one.status in NOT_STARTED:
                one.cancelled = True
                self._end(one, "FAILED", reason)
        if job.size is not None and not job.ended:
            job.cancelled, job.end_reason = True, reason
        self.dispatch()

    def terminate(self, job: Job, reason: str) -> None:
        """End a job, or an array, whatever its state."""
        if not job.ended:
            job.terminated, job.end_reason = True, reason
        for one in self._leaves(job):
            if one.status in STARTED:
                one.terminated, one.end_reason = True, reason
                if one.process is not None:
                    one.process.terminate()
            elif not one.ended:
                one.terminated = True
                self._end(one, "FAILED", reason)
        self.dispatch()

    def tasks_in(self, cluster: str) -> list[str]:
        """The ARNs of the tasks that run in a cluster."""
        return [
            job.attempts[-1].task_arn for job in self._active.values() if job.environment["ecsClusterArn"] == cluster
        ]

    def queue_deleted(self, arn: str) -> None:
        """End what a queue still held."""
        for job in [job for job in self.jobs.values() if job.queue == arn and job.parent is None and not job.ended]:
            self.terminate(job, "Job queue was deleted")

    def tick(self) -> None:
        """Cancel what is stuck for longer than its queue allows, and start what can start now."""
        for (region, queue), line in list(self.lines.items()):
            self._cancel_stuck(region, queue, line)
        self.dispatch()

    def dispatch(self) -> None:
        """Start jobs as long as there is room: the queue with the higher priority first."""
        queues = [
            (self._queue(region, arn), region, line) for (region, arn), line in list(self.lines.items()) if line.waiting
        ]
        present = [(queue, region, line) for queue, region, line in queues if queue is not None]
        for queue, region, line in sorted(present, key=lambda entry: -entry[0]["priority"]):
            while len(self._active) < AT_ONCE and self._start_next(queue, region, line):
                pass

    def _start_next(self, queue: dict[str, Any], region: str, line: Line) -> bool:
        arn = queue["jobQueueArn"]
        policies = state_in(self._cloud, region).policies.values()
        policy = next((entry for entry in policies if entry["arn"] == queue["schedulingPolicyArn"]), None)
        mine = [job for job in self._active.values() if job.queue == arn]
        job = line.next(policy and (policy["fairsharePolicy"] or {}), mine, self._cloud.clock.now())
        environment = self._place(job, queue) if job else None
        if job is None or environment is None:
            return False
        line.remove(job)
        job.environment, job.stuck_since = environment, None
        job.status_reason = ""
        task = uuid.uuid4().hex
        cluster = environment["ecsClusterArn"].replace(":cluster/", ":task/")
        attempt = Attempt(task, f"{cluster}/{task}", f"{_stream_prefix(job)}/default/{task}")
        job.attempts.append(attempt)
        self._active[job.id] = job
        self._move(job, "STARTING")
        self._start(job, attempt)
        return True

    def _place(self, job: Job, queue: dict[str, Any]) -> dict[str, Any] | None:
        """Choose the first environment that has room; note it when none ever will."""
        state = state_in(self._cloud, job.region)
        found: dict[str, dict[str, Any]] = {
            resource.document["computeEnvironmentArn"]: resource.document for resource in state.environments.values()
        }
        order = sorted(queue["computeEnvironmentOrder"], key=lambda entry: entry["order"])
        given = [found[entry["computeEnvironment"]] for entry in order if entry["computeEnvironment"] in found]
        placed = place(job, given, self._used, state.exhausted)
        if placed.stuck or job.stuck_since is not None:
            job.status_reason = placed.stuck
        job.stuck_since = (job.stuck_since or self._cloud.clock.now()) if placed.stuck else None
        return placed.environment

    def _used(self, environment: dict[str, Any]) -> float:
        arn = environment["computeEnvironmentArn"]
        return sum(job.vcpus for job in self._active.values() if job.environment["computeEnvironmentArn"] == arn)

    def _queue(self, region: str, arn: str) -> dict[str, Any] | None:
        queues: list[dict[str, Any]] = [resource.document for resource in state_in(self._cloud, region).queues.values()]
        return next((queue for queue in queues if queue["jobQueueArn"] == arn), None)

    def _cancel_stuck(self, region: str, arn: str, line: Line) -> None:
        queue = self._queue(region, arn) or {}
        for action in queue.get("jobStateTimeLimitActions") or []:
            for job in list(line.in_order()):
                since = job.stuck_since
                late = since is not None and self._cloud.clock.now() - since >= action["maxTimeSeconds"]
                if late and job.status_reason.startswith(action["reason"]):
                    self.cancel(job, CANCELED.format(action["reason"]))

    def _enter(self, job: Job) -> None:
        """Let a new job wait: for its children, for other jobs, or for its turn."""
        if job.parent is not None:
            self.jobs[job.parent].children[job.status] += 1
        tell_state(self._cloud, job)
        if job.size is not None:
            self._move(job, "PENDING")
            return
        wanted = waits_for(job)
        ended = {name: self.jobs[name].status for name in wanted if name in self.jobs and self.jobs[name].ended}
        if "FAILED" in ended.values():
            self._end(job, "FAILED", "Dependent Job failed")
            return
        job.waits_for = wanted - ended.keys()
        for name in job.waits_for:
            self._dependents.setdefault(name, []).append(job)
        if job.waits_for:
            self._move(job, "PENDING")
        else:
            self._wait_in_line(job)

    def _wait_in_line(self, job: Job) -> None:
        self._move(job, "RUNNABLE")
        self._line(job).add(job)

    def _end(self, job: Job, status: str, reason: str) -> None:
        """End a job, and what hangs on it; in a loop, since a chain may be ten thousand jobs long."""
        ending = deque([(job, status, reason)])
        while ending:
            one, status, reason = ending.popleft()
            if one.ended:
                continue
            self._line(one).remove(one)
            one.stopped_at = self._now()
            one.status_reason = reason
            self._move(one, status)
            for waiting in self._dependents.pop(one.id, []):
                waiting.waits_for.discard(one.id)
                if status == "FAILED":
                    ending.append((waiting, "FAILED", "Dependent Job failed"))
                elif not waiting.waits_for and waiting.status == "PENDING":
                    self._wait_in_line(waiting)
            parent = self.jobs.get(one.parent or "")
            if parent and sum(parent.children[state] for state in ENDED) == parent.size:
                failed = parent.children["FAILED"]
                why = parent.end_reason or ("Array Child Job failed" if failed else "")
                ending.append((parent, "FAILED" if failed else "SUCCEEDED", why))

    def _move(self, job: Job, status: str) -> None:
        if job.parent is not None:
            parent = self.jobs[job.parent]
            parent.children[job.status] -= 1
            parent.children[status] += 1
            if status == "RUNNING" and parent.started_at is None:
                parent.started_at = self._now()
        job.status = status
        tell_state(self._cloud, job)

    def _leaves(self, job: Job) -> list[Job]:
        return [job] if job.size is None else [self.jobs[f"{job.id}:{index}"] for index in range(job.size)]

    def _line(self, job: Job) -> Line:
        return self.lines.setdefault((job.region, job.queue), Line())

    def _now(self) -> int:
        return int(self._cloud.clock.now() * 1000)

    def _forget_old(self) -> None:
        limit = self._now() - KEPT_SECONDS * 1000
        old = [job for job in self.jobs.values() if job.parent is None and job.ended and (job.stopped_at or 0) < limit]
        for job in old:
            for one in [job, *self._leaves(job)]:
                self.jobs.pop(one.id, None)
            state_in(self._cloud, job.region).tags.pop(job.arn, None)


def _stream_prefix(job: Job) -> str:
    options = (job.container.get("logConfiguration") or {}).get("options") or {}
    name = job.definition.rsplit("/", 1)[-1].partition(":")[0]
    return str(options.get("awslogs-stream-prefix") or name)
