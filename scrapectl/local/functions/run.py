"""One invocation that has its place: its process in the function's surroundings, its log, and what it answered."""

from __future__ import annotations

import json
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scrapectl.local.functions.environment import environment_of, log_group
from scrapectl.local.functions.log_stream import LogStream
from scrapectl.local.functions.package import BadPackage, unpacked
from scrapectl.local.functions.table import Answer, functions_of
from scrapectl.local.jobs.execution_role import NotStarted
from scrapectl.local.jobs.mounts import with_mounts
from scrapectl.local.jobs.process import Command, Ended, Process, base_environment

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud
    from scrapectl.local.functions.network import Surroundings
    from scrapectl.local.registry import Params

_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")


@dataclass(frozen=True)
class Code:
    """A function's zip, and those of its layers, the first below the others."""

    package: bytes
    layers: tuple[bytes, ...] = ()


class Run:
    """One invocation that has its place."""

    def __init__(self, cloud: Cloud, region: str, configuration: Params, scratch: Path, around: Surroundings) -> None:
        self.cloud, self.region, self.configuration, self.scratch = cloud, region, configuration, scratch
        self.around = around
        self.id = str(uuid.uuid4())
        self.functions = functions_of(cloud)
        self.log = LogStream(cloud, region, configuration)

    def answer(self, code: Code, payload: str) -> Answer:
        """Run it to its end."""
        version = self.configuration["Version"]
        self.log.say(f"START RequestId: {self.id} Version: {version}")
        for line in self.around.told:
            self.log.say(line)
        begun = time.monotonic()
        try:
            kept = self.functions.folder / "packages"
            layers = [unpacked(each, kept) for each in code.layers]
            ended = self._run(unpacked(code.package, kept), layers, payload)
        except (BadPackage, NotStarted) as problem:
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

    def _run(self, root: Path, layers: list[Path], payload: str) -> Ended:
        timeout = float(self.configuration["Timeout"]) * self.functions.second
        temporary = self.scratch / "tmp"
        temporary.mkdir()
        call = {"event": payload, "deadline": time.time() + timeout, "context": self._context()}
        call["layers"] = [str(layer) for layer in reversed(layers)]  # what comes last lies on top
        (self.scratch / "call.json").write_text(json.dumps(call))
        place = (root, temporary, self.log.name)
        environment = base_environment() | environment_of(self.cloud, self.region, self.configuration, place)
        environment |= self.around.endpoints
        # The server's own Python has boto3, as Lambda's runtime has.
        argv: tuple[str, ...] = (
            sys.executable,
            str(_BOOTSTRAP),
            str(self.scratch),
            self.configuration.get("Handler") or "",
        )
        argv = with_mounts(argv, self.around.mounts, self.scratch / "view")
        with self.cloud.lock:
            if self.functions.closed:
                return Ended(None, "the cloud ends")
            process = Process(Command(argv, environment, root, timeout, 0.1), self.log.write, lambda _: None)
            self.functions.processes.add(process)
        try:
            return process.wait()
        finally:
            with self.cloud.lock:
                self.functions.processes.discard(process)

    def _context(self) -> Params:
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
        """What the process left, or why it left nothing: text and whether it is an error."""
        if ended.timed_out:
            seconds = float(self.configuration["Timeout"])
            return self._error("Sandbox.Timedout", f"Task timed out after {seconds:.2f} seconds")
        written = self.scratch / "answer.json"
        if ended.exit_code == 0 and written.exists():
            answer = json.loads(written.read_text())
            if "result" in answer:
                return answer["result"], False
            self._tell_of_another_python(answer["error"])
            return json.dumps(answer["error"]), True
        if ended.exit_code is None:
            return self._error("Runtime.InvalidEntrypoint", ended.reason)
        return self._error("Runtime.ExitError", f"Runtime exited with error: exit status {ended.exit_code}")

    def _tell_of_another_python(self, error: Params) -> None:
        """Say why a library that was built for the function's Python is not found by this one."""
        here, wanted = f"python{sys.version_info.major}.{sys.version_info.minor}", self.configuration["Runtime"]
        if error["errorType"] == "Runtime.ImportModuleError" and here != wanted:
            self.log.say(f"scrapectl: this is {here}; compiled libraries of {wanted} run on AWS alone.")

    def _error(self, kind: str, text: str) -> tuple[str, bool]:
        self.log.say(f"{self.id} {text}")
        return json.dumps({"errorType": kind, "errorMessage": f"RequestId: {self.id} Error: {text}"}), True
