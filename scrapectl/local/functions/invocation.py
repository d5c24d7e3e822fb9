"""Run a function once: its package, its role, one process with its timeout, its log, and what it answered."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapectl.local import moto_private
from scrapectl.local.functions.environment import environment_of, log_group
from scrapectl.local.functions.log_stream import LogStream
from scrapectl.local.functions.package import BadPackage, unpacked
from scrapectl.local.jobs.process import Command, Ended, Process, base_environment
from scrapectl.local.registry import Params, Refusal
from scrapectl.local.services import iam

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

AT_ONCE = 64
"""Invocations that run side by side on this machine, whatever Lambda would allow."""

MOST_COUNTED = 100_000
"""Ends of invocations that are remembered, for alarms."""

_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
_NOT_ASSUMED = "The role defined for the function cannot be assumed by Lambda."


@dataclass(frozen=True)
class Answer:
    """What an invocation came to.

    Attributes:
        payload: JSON: the handler's result, or the error.
        failed: Whether it is an error.
        version: Of the function that ran.
        tail: The last lines of its log.
    """

    payload: bytes
    failed: bool
    version: str
    tail: str


@dataclass
class Functions:
    """A cloud's invocations: how many run of each function, their processes, and how they ended.

    Attributes:
        ended: Of each, the time on the cloud's clock, region, function and metric (Invocations, Errors, Throttles).
        second: How long a second of a function's timeout lasts; tests shorten it.
    """

    folder: Path
    running: Counter[str] = field(default_factory=Counter)
    processes: set[Process] = field(default_factory=set)
    ended: list[tuple[float, str, str, str]] = field(default_factory=list)
    second: float = 1.0
    closed: bool = False


class _Kept:
    functions: Functions | None = None


def functions_of(cloud: Cloud) -> Functions:
    """Return the cloud's one table of invocations, made when first asked for."""
    with cloud.lock:
        kept = cloud.store(_Kept, "global")
        if kept.functions is None:
            folder = cloud.state_dir / "functions" if cloud.state_dir else Path(tempfile.mkdtemp(prefix="functions-"))
            shutil.rmtree(folder, ignore_errors=True)  # of a server that was killed
            folder.mkdir(parents=True, mode=0o700)
            kept.functions = made = Functions(folder)
            cloud.on_close(lambda: _close(cloud, made))
        return kept.functions


def _close(cloud: Cloud, functions: Functions) -> None:
    with cloud.lock:
        functions.closed = True
        processes = list(functions.processes)
    for process in processes:
        process.kill()
    shutil.rmtree(functions.folder, ignore_errors=True)


def invoke(cloud: Cloud, region: str, name: str, payload: str) -> Answer:
    """Run a function and wait for it; never with the cloud's lock held.

    Args:
        cloud: Where.
        region: The function's region.
        name: Its name or ARN, with a version or an alias if wanted.
        payload: The event, JSON.

    Raises:
        Refusal: There is no such function, its role cannot be assumed, or too many run.
    """
    functions = functions_of(cloud)
    with cloud.lock:
        configuration = cloud.call("lambda", "GetFunctionConfiguration", {"FunctionName": name}, region)
        content = _code(cloud, region, configuration)
        _take_place(cloud, region, functions, configuration)
    scratch = Path(tempfile.mkdtemp(dir=functions.folder))
    try:
        answer = _Run(cloud, region, configuration, scratch).answer(content, payload)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        with cloud.lock:
            functions.running[configuration["FunctionArn"]] -= 1
    _count(cloud, region, configuration, "Invocations", *(["Errors"] if answer.failed else []))
    return answer


def _code(cloud: Cloud, region: str, configuration: Params) -> bytes:
    """The zip of a function; moto keeps it, and no operation answers it."""
    if not str(configuration.get("Runtime") or "").startswith("python"):
        text = f"the embedded cloud runs zips for Python only, not {configuration.get('Runtime') or 'images'}"
        raise Refusal("InvalidRuntimeException", text, 502)
    if not iam.can_be_assumed(cloud, configuration["Role"], "lambda.amazonaws.com"):
        raise Refusal("AccessDeniedException", _NOT_ASSUMED, 403)
    if configuration.get("State") == "Pending":
        text = (
            "The operation cannot be performed at this time. The function is currently in the following state: Pending"
        )
        raise Refusal("ResourceConflictException", text, 409)
    backend: Any = moto_private.get_backend("lambda")[cloud.account][region]
    found: bytes = backend.get_function(configuration["FunctionArn"]).code_bytes
    return found


def _take_place(cloud: Cloud, region: str, functions: Functions, configuration: Params) -> None:
    """Count an invocation in.

    Raises:
        Refusal: As many run already as may.
    """
    arn = configuration["FunctionArn"]
    asked = {"FunctionName": configuration["FunctionName"]}
    reserved = cloud.call("lambda", "GetFunctionConcurrency", asked, region).get("ReservedConcurrentExecutions")
    if functions.running.total() >= AT_ONCE or (reserved is not None and functions.running[arn] >= int(reserved)):
        _count(cloud, region, configuration, "Throttles")
        raise Refusal("TooManyRequestsException", "Rate Exceeded.", 429)
    functions.running[arn] += 1


def _count(cloud: Cloud, region: str, configuration: Params, *metrics: str) -> None:
    with cloud.lock:
        now, ended = cloud.clock.now(), functions_of(cloud).ended
        ended += [(now, region, configuration["FunctionName"], metric) for metric in metrics]
        del ended[:-MOST_COUNTED]


class _Run:
    """One invocation that has its place."""

    def __init__(self, cloud: Cloud, region: str, configuration: Params, scratch: Path) -> None:
        self.cloud, self.region, self.configuration, self.scratch = cloud, region, configuration, scratch
        self.id = str(uuid.uuid4())
        self.functions = functions_of(cloud)
        self.log = LogStream(cloud, region, configuration)

    def answer(self, content: bytes, payload: str) -> Answer:
        version = self.configuration["Version"]
        self.log.say(f"START RequestId: {self.id} Version: {version}")
        begun = time.monotonic()
        try:
            ended = self._run(unpacked(content, self.functions.folder / "packages"), payload)
        except BadPackage as problem:
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

    def _run(self, root: Path, payload: str) -> Ended:
        timeout = float(self.configuration["Timeout"]) * self.functions.second
        temporary = self.scratch / "tmp"
        temporary.mkdir()
        call = {"event": payload, "deadline": time.time() + timeout, "context": self._context()}
        (self.scratch / "call.json").write_text(json.dumps(call))
        place = (root, temporary, self.log.name)
        environment = base_environment() | environment_of(self.cloud, self.region, self.configuration, place)
        # The server's own Python has boto3, as Lambda's runtime has.
        argv = (sys.executable, str(_BOOTSTRAP), str(self.scratch), self.configuration.get("Handler") or "")
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
            return (answer["result"], False) if "result" in answer else (json.dumps(answer["error"]), True)
        if ended.exit_code is None:
            return self._error("Runtime.InvalidEntrypoint", ended.reason)
        return self._error("Runtime.ExitError", f"Runtime exited with error: exit status {ended.exit_code}")

    def _error(self, kind: str, text: str) -> tuple[str, bool]:
        self.log.say(f"{self.id} {text}")
        return json.dumps({"errorType": kind, "errorMessage": f"RequestId: {self.id} Error: {text}"}), True
