"""Turn a placed job into one run of its container: roles, secrets, image, process, log lines, how it ended."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scrapectl.local.jobs.board import Board
from scrapectl.local.jobs.image import LAYER_TYPE, Container, ImageProblem, make_container, prepare
from scrapectl.local.jobs.job import Attempt, Job
from scrapectl.local.jobs.process import GRACE, Command, Ended, LogLine, Process
from scrapectl.local.jobs.submission import command_of
from scrapectl.local.registry import Refusal
from scrapectl.local.services import iam

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

DEFAULT_GROUP = "/aws/batch/job"
NOWHERE = "http://127.0.0.1:9"
"""What a job's AWS client is told when the cloud has no address: never the real AWS."""

_ASSUME = (
    "ECS was unable to assume the role '{role}' that was provided for this task. Please verify that the role being "
    "passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role."
)
_SECRETS = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
_LOGS = "ResourceInitializationError: failed to validate logger args: failed to create Cloudwatch log stream: "
_START = (
    "CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task: "
    "failed to create shim task: OCI runtime create failed: unable to start container process: "
)


class _NotStarted(Exception):
    """Why a container never started, as AWS says it."""


@dataclass
class Pace:
    """How long a second of Batch's limits lasts; tests shorten it."""

    second: float = 1.0


class Runner:
    """Runs attempts, each in a thread of its own.

    Args:
        cloud: Whose jobs they are.
    """

    def __init__(self, cloud: Cloud) -> None:
        self.board = Board(cloud, self._begin)
        self.pace = Pace()
        self._cloud = cloud
        self._own_folder = None if cloud.state_dir else tempfile.mkdtemp(prefix="scrapectl-jobs-")
        self._folder = Path(self._own_folder or cloud.state_dir or "") / "jobs"
        self._scratch = self._folder / "running"
        shutil.rmtree(self._scratch, ignore_errors=True)  # of a server that was killed
        self._scratch.mkdir(parents=True, mode=0o700)
        self._threads: set[threading.Thread] = set()
        self._closed = False

    def tick(self) -> None:
        """Do what time makes due."""
        with self._cloud.lock:
            if not self._closed:
                self.board.tick()

    def close(self) -> None:
        """Kill every process and remove what they wrote."""
        with self._cloud.lock:
            self._closed = True
            for job in self.board.jobs.values():
                if job.process is not None:
                    job.process.kill()
        for thread in list(self._threads):
            thread.join(5)
        shutil.rmtree(self._own_folder or self._scratch, ignore_errors=True)

    def _begin(self, job: Job, attempt: Attempt) -> None:
        thread = threading.Thread(target=self._run, args=(job, attempt), name=f"job {job.name}", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _run(self, job: Job, attempt: Attempt) -> None:
        scratch = Path(tempfile.mkdtemp(dir=self._scratch))
        try:
            ended = self._attempt(job, attempt, scratch)
        except (_NotStarted, ImageProblem) as problem:
            ended = Ended(None, str(problem))
        except Exception as error:  # noqa: BLE001 - whatever it is, a job must not hang for ever
            traceback.print_exc()
            ended = Ended(None, f"InternalError: {type(error).__name__}: {error}")
        shutil.rmtree(scratch, ignore_errors=True)
        with self._cloud.lock:
            self._threads.discard(threading.current_thread())
            if not self._closed:
                self.board.finished(job, attempt, ended)

    def _attempt(self, job: Job, attempt: Attempt, scratch: Path) -> Ended:
        log = _Log(self._cloud, job, attempt)
        secrets = self._secrets(job)
        container = self._container(job, scratch, _environment(self._cloud, job, secrets), log)
        timeout = job.timeout * self.pace.second if job.timeout else None
        grace = GRACE * self.pace.second
        command = Command(container.argv, container.environment, container.folder, timeout, grace)
        with self._cloud.lock:
            if job.terminated or self._closed:
                return Ended(None)
            job.process = process = Process(command, log.write, lambda _: None)
            self.board.running(job, attempt)
        ended = process.wait()
        return ended if ended.exit_code is not None else Ended(None, _START + ended.reason + ": unknown")

    def _secrets(self, job: Job) -> dict[str, str]:
        role = job.container.get("executionRoleArn")
        for needed in filter(None, (role, job.container.get("jobRoleArn"))):
            if not iam.can_be_assumed(self._cloud, needed, "ecs-tasks.amazonaws.com", _sent_by_ecs(self._cloud, job)):
                raise _NotStarted(_ASSUME.format(role=needed))
        values: dict[str, str] = {}
        for entry in job.container.get("secrets") or []:
            arn = ":".join(entry["valueFrom"].split(":")[:7])
            kind = "secretsmanager:GetSecretValue" if ":secretsmanager:" in arn else "ssm:GetParameters"
            if role and arn.startswith("arn:") and not iam.role_may(self._cloud, role, kind, arn):
                told = f"AccessDeniedException: User: {role} is not authorized to perform: {kind} on resource: {arn}"
                raise _NotStarted(_SECRETS + told)
            try:
                values[entry["name"]] = self._cloud.secret_value(entry["valueFrom"], job.region)
            except Refusal as refusal:
                raise _NotStarted(_SECRETS + str(refusal)) from refusal
        return values

    def _container(self, job: Job, scratch: Path, environment: dict[str, str], log: _Log) -> Container:
        uri = job.container.get("image", "")
        try:
            with self._cloud.lock:
                pushed = self._cloud.image_layer(uri)
        except Refusal as refusal:
            raise ImageProblem(f"CannotPullContainerError: {uri}: {refusal.message}") from refusal
        if [layer["mediaType"] for layer in pushed.manifest["layers"]] != [LAYER_TYPE]:
            raise ImageProblem(f"CannotPullContainerError: {uri} is not a build folder pushed by scrapectl")
        image = prepare(pushed.digest, lambda: pushed.layers[0], self._folder)
        if image.recipe.not_run:
            lines = "; ".join(image.recipe.not_run)
            log.write([LogLine(log.now(), f"scrapectl: run without a container engine; not run: {lines}")])
        return make_container(image, scratch, command_of(job), environment)


class _Log:
    """The log stream of one attempt; as awslogs does, it drops empty lines."""

    def __init__(self, cloud: Cloud, job: Job, attempt: Attempt) -> None:
        self._cloud, self._region, self._stream = cloud, job.region, attempt.log_stream
        configured = job.container.get("logConfiguration") or {}
        options = configured.get("options") or {}
        self._group = options.get("awslogs-group", DEFAULT_GROUP)
        self._region = options.get("awslogs-region", job.region)
        self._used = configured.get("logDriver", "awslogs") == "awslogs"
        # A job's lines bear the cloud's time, which in tests is another than the machine's.
        shift = cloud.clock.now() - time.time()
        self._shift = int(shift * 1000) if abs(shift) > 1 else 0
        if self._used:
            self._open(create=self._group == DEFAULT_GROUP or options.get("awslogs-create-group") == "true")

    def now(self) -> int:
        """The machine's time in milliseconds, as a process stamps its lines."""
        return time.time_ns() // 1_000_000

    def write(self, lines: list[LogLine]) -> None:
        """Append lines; those that have nowhere to go any more are lost, as on AWS."""
        events = [(line.at + self._shift, line.text) for line in lines if line.text]
        if self._used and events:
            with contextlib.suppress(Refusal):
                self._cloud.put_logs(self._group, self._stream, events, self._region)

    def _open(self, *, create: bool) -> None:
        if create:
            with contextlib.suppress(Refusal):
                self._cloud.call("logs", "CreateLogGroup", {"logGroupName": self._group}, self._region)
        try:
            self._cloud.put_logs(self._group, self._stream, [], self._region)
        except Refusal as refusal:
            raise _NotStarted(_LOGS + str(refusal)) from refusal


def runner_of(cloud: Cloud) -> Runner:
    """Return the cloud's one runner, made when first asked for."""
    kept = cloud.store(_Kept, "global")
    if kept.runner is None:
        kept.runner = Runner(cloud)
        cloud.workers.append(kept.runner.tick)
        cloud.on_close(kept.runner.close)
    return kept.runner


@dataclass
class _Kept:
    runner: Runner | None = None


def _sent_by_ecs(cloud: Cloud, job: Job) -> dict[str, str]:
    return {"aws:SourceArn": f"arn:aws:ecs:{job.region}:{cloud.account}:*"}


def _environment(cloud: Cloud, job: Job, secrets: dict[str, str]) -> dict[str, str]:
    """All variables of a job: its own, its secrets, Batch's, and what leads its AWS clients to this cloud."""
    own = {entry["name"]: entry.get("value", "") for entry in job.container.get("environment") or []}
    batch = {
        "AWS_BATCH_JOB_ID": job.id,
        "AWS_BATCH_JOB_ATTEMPT": str(len(job.attempts)),
        "AWS_BATCH_JQ_NAME": job.queue.rsplit("/", 1)[-1],
        "AWS_BATCH_CE_NAME": job.environment["computeEnvironmentName"],
        "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
    }
    if job.index is not None:
        batch["AWS_BATCH_JOB_ARRAY_INDEX"] = str(job.index)
        batch["AWS_BATCH_JOB_ARRAY_SIZE"] = str(job.array_size)
    aws = {
        "AWS_ENDPOINT_URL": cloud.endpoint or NOWHERE,
        "AWS_ACCESS_KEY_ID": cloud.access_key,
        "AWS_SECRET_ACCESS_KEY": cloud.secret_key,
        "AWS_EC2_METADATA_DISABLED": "true",
        # The user's own profiles are none of a job's business.
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
    region = {"AWS_REGION": job.region, "AWS_DEFAULT_REGION": job.region}
    return region | own | secrets | batch | aws
