"""One invocation that has its place: its process in the function's surroundings, its log, and what it answered."""

from __future__ import annotations

import abc
import json
import time
import uuid
from typing import TYPE_CHECKING

from scrapectl.local.functions.environment import log_group
from scrapectl.local.functions.log_stream import LogStream
from scrapectl.local.functions.table import Answer, functions_of
from scrapectl.local.jobs.execution_role import NotStarted
from scrapectl.local.jobs.process import Command, Ended, Process

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scrapectl.local.cloud import Cloud
    from scrapectl.local.functions.network import Surroundings
    from scrapectl.local.registry import Params


class Run(abc.ABC):
    """One invocation that has its place; how it is carried out is its code's."""

    def __init__(self, cloud: Cloud, region: str, configuration: Params, scratch: Path, around: Surroundings) -> None:
        self.cloud, self.region, self.configuration, self.scratch = cloud, region, configuration, scratch
        self.around = around
        self.id = str(uuid.uuid4())
        self.functions = functions_of(cloud)
        self.log = LogStream(cloud, region, configuration)

    @abc.abstractmethod
    def carry_out(self, payload: str) -> Ended:
        """Run the handler with an event; how the process ended.

        Raises:
            NotStarted: It could not even start.
        """

    @abc.abstractmethod
    def answered(self) -> tuple[str, bool] | None:
        """What the process answered, and whether it is an error; None when it did not."""

    def answer(self, payload: str) -> Answer:
        """Run it to its end."""
        version = self.configuration["Version"]
        self.log.say(f"START RequestId: {self.id} Version: {version}")
        for line in self.around.told:
            self.log.say(line)
        begun = time.monotonic()
        try:
            ended = self.carry_out(payload)
        except NotStarted as problem:
            ended = Ended(None, str(problem))
        told, failed = self._outcome(ended)
        took = (time.monotonic() - begun) * 1000
        self.log.say(f"END RequestId: {self.id}")
        memory = self.configuration["MemorySize"]
        self.log.say(
            f"REPORT RequestId: {self.id}\tDuration: {took:.2f} ms\tBilled Duration: {int(took) + 1} ms\t"
            f"Memory Size: {memory} MB"
        )
        return Answer(told.encode(), failed, version, "\n".join(self.log.tail) + "\n")

    @property
    def timeout(self) -> float:
        """Seconds of this machine that it may take."""
        return float(self.configuration["Timeout"]) * self.functions.second

    def start(self, command: Command, on_end: Callable[[Ended], None] = lambda _: None) -> Process:
        """Start its process, which ends with the cloud.

        Raises:
            NotStarted: The cloud ends.
        """
        with self.cloud.lock:
            if self.functions.closed:
                raise NotStarted("the cloud ends")
            process = Process(command, self.log.write, on_end)
            self.functions.processes.add(process)
            return process

    def wait(self, process: Process) -> Ended:
        """Wait for it."""
        try:
            return process.wait()
        finally:
            with self.cloud.lock:
                self.functions.processes.discard(process)

    def context(self) -> Params:
        """What the handler's context says."""
        return {
            "aws_request_id": self.id,
            "function_name": self.configuration["FunctionName"],
            "function_version": self.configuration["Version"],
            "invoked_function_arn": self.configuration["FunctionArn"],
            "memory_limit_in_mb": str(self.configuration["MemorySize"]),
            "log_group_name": log_group(self.configuration),
            "log_stream_name": self.log.name,
        }

    def _outcome(self, ended: Ended) -> tuple[str, bool]:
        """What the process answered, or why it did not: text and whether it is an error."""
        answered = self.answered()
        if answered is not None and not ended.timed_out:
            return answered
        if ended.timed_out:
            seconds = float(self.configuration["Timeout"])
            return self._error("Sandbox.Timedout", f"Task timed out after {seconds:.2f} seconds")
        if ended.exit_code is None:
            return self._error("Runtime.InvalidEntrypoint", ended.reason)
        return self._error("Runtime.ExitError", f"Runtime exited with error: exit status {ended.exit_code}")

    def _error(self, kind: str, text: str) -> tuple[str, bool]:
        self.log.say(f"{self.id} {text}")
        return json.dumps({"errorType": kind, "errorMessage": f"RequestId: {self.id} Error: {text}"}), True
