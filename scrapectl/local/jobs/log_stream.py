"""Turn the lines of one attempt into events of its CloudWatch log stream."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from scrapectl.local.jobs.execution_role import check_log, log_problem
from scrapectl.local.jobs.job import Attempt, Job
from scrapectl.local.jobs.process import LogLine
from scrapectl.local.registry import Refusal

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

DEFAULT_GROUP = "/aws/batch/job"
"""Where Batch writes when a definition says nothing; the one group that it makes itself."""


class LogStream:
    """The log stream of one attempt. Like awslogs, it drops empty lines; other log drivers write nowhere.

    Raises:
        NotStarted: The group does not exist, or the execution role may not write to it.
    """

    def __init__(self, cloud: Cloud, job: Job, attempt: Attempt) -> None:
        configured = job.container.get("logConfiguration") or {}
        options = configured.get("options") or {}
        self._cloud = cloud
        self._name = attempt.log_stream
        self._group = options.get("awslogs-group", DEFAULT_GROUP)
        self._region = options.get("awslogs-region", job.region)
        self._used = configured.get("logDriver", "awslogs") == "awslogs"
        # A job's lines bear the cloud's time, which in tests is another than the machine's.
        shift = cloud.clock.now() - time.time()
        self._shift = int(shift * 1000) if abs(shift) > 1 else 0
        if self._used:
            check_log(cloud, job, (self._region, self._group, self._name))
            self._open(create=self._group == DEFAULT_GROUP or options.get("awslogs-create-group") == "true")

    def say(self, text: str) -> None:
        """Append a line of our own."""
        self.write([LogLine(time.time_ns() // 1_000_000, text)])

    def write(self, lines: list[LogLine]) -> None:
        """Append lines; those that have nowhere to go any more are lost, as on AWS."""
        events = [(line.at + self._shift, line.text) for line in lines if line.text]
        if self._used and events:
            with contextlib.suppress(Refusal):
                self._cloud.put_logs(self._group, self._name, events, self._region)

    def _open(self, *, create: bool) -> None:
        if create:
            with contextlib.suppress(Refusal):
                self._cloud.call("logs", "CreateLogGroup", {"logGroupName": self._group}, self._region)
        try:
            self._cloud.put_logs(self._group, self._name, [], self._region)
        except Refusal as refusal:
            raise log_problem(refusal) from refusal
