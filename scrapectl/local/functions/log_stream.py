"""Turn the output of one invocation into events of the function's log group, as far as its role may write there."""

from __future__ import annotations

import contextlib
import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scrapectl.local.functions.environment import log_group, own_log_group
from scrapectl.local.jobs.process import LogLine
from scrapectl.local.registry import Params, Refusal
from scrapectl.local.services import iam

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

TAIL_BYTES = 4096


class LogStream:
    """The log stream of one invocation.

    Attributes:
        name: The stream's name.
        tail: The last lines, which Invoke answers on request.
    """

    def __init__(self, cloud: Cloud, region: str, configuration: Params) -> None:
        self._cloud = cloud
        self._region = region
        self._group = log_group(configuration)
        day = datetime.fromtimestamp(cloud.clock.now(), UTC).strftime("%Y/%m/%d")
        # Streams of a group that is not the function's own bear its name ("Configuring CloudWatch log groups").
        whose = "" if self._group == own_log_group(configuration) else configuration["FunctionName"]
        self.name = f"{day}/{whose}[{configuration['Version']}]{uuid.uuid4().hex}"
        self.tail: list[str] = []
        shift = cloud.clock.now() - time.time()
        self._shift = int(shift * 1000) if abs(shift) > 1 else 0
        self._open = self._opened(configuration["Role"])

    def say(self, text: str) -> None:
        """Append a line of the runtime's own."""
        self.write([LogLine(time.time_ns() // 1_000_000, text)])

    def write(self, lines: list[LogLine]) -> None:
        """Append lines; those that have nowhere to go are lost, as on AWS."""
        self.tail += [line.text for line in lines]
        while len(self.tail) > 1 and sum(len(line) + 1 for line in self.tail) > TAIL_BYTES:
            self.tail.pop(0)
        events = [(line.at + self._shift, line.text) for line in lines if line.text]
        if self._open and events:
            with contextlib.suppress(Refusal):
                self._cloud.put_logs(self._group, self.name, events, self._region)

    def _opened(self, role: str) -> bool:
        """Make the stream, and the group when it is missing, with the role's rights."""
        root = f"arn:aws:logs:{self._region}:{self._cloud.account}:log-group:{self._group}"
        stream = f"{root}:log-stream:{self.name}"
        with self._cloud.lock:
            if iam.role_may(self._cloud, role, "logs:CreateLogGroup", f"{root}:*"):
                with contextlib.suppress(Refusal):
                    self._cloud.call("logs", "CreateLogGroup", {"logGroupName": self._group}, self._region)
            if not all(
                iam.role_may(self._cloud, role, f"logs:{act}", stream) for act in ("CreateLogStream", "PutLogEvents")
            ):
                return False
            try:
                self._cloud.put_logs(self._group, self.name, [], self._region)
            except Refusal:
                return False
        return True
