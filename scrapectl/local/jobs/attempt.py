"""Turn a placed job into one run of its container: roles, secrets, image, process, log lines, how it ended."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from scrapectl.local.engine.build import Builder, NoBase
from scrapectl.local.engine.choice import Engine, EngineProblem, chosen_by
from scrapectl.local.engine.container import Output, closed_volumes, command_for, oom_kills
from scrapectl.local.jobs.board import Board
from scrapectl.local.jobs.environment import environment_of
from scrapectl.local.jobs.execution_role import NotStarted, check_roles, is_ours, pull, secrets_of
from scrapectl.local.jobs.image import ImageProblem, make_container, prepare
from scrapectl.local.jobs.job import Attempt, Job
from scrapectl.local.jobs.log_stream import LogStream
from scrapectl.local.jobs.mounts import mounts_of, with_mounts
from scrapectl.local.jobs.process import GRACE, Command, Ended, LogLine, Process
from scrapectl.local.jobs.reach import closed_ports, shut
from scrapectl.local.jobs.submission import command_of

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

_CLOSES_WITHIN = 5.0
"""Seconds that all attempts have together to end; what then still builds or pulls ends with this process."""

_START = (
    "CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task: "
    "failed to create shim task: OCI runtime create failed: unable to start container process: "
)


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
        self._builder: Builder | None = None

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
        give_up = time.monotonic() + _CLOSES_WITHIN
        for thread in list(self._threads):
            thread.join(max(give_up - time.monotonic(), 0))
        shutil.rmtree(self._own_folder or self._scratch, ignore_errors=True)

    def _begin(self, job: Job, attempt: Attempt) -> None:
        thread = threading.Thread(target=self._run, args=(job, attempt), name=f"job {job.name}", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _run(self, job: Job, attempt: Attempt) -> None:
        scratch = Path(tempfile.mkdtemp(dir=self._scratch))
        try:
            ended = self._attempt(job, attempt, scratch)
        except (NotStarted, ImageProblem) as problem:
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
        check_roles(self._cloud, job)
        attempt.mounts = mounts_of(self._cloud, job)
        log = LogStream(self._cloud, job, attempt)
        environment = self._environment(job, log)
        prepared = self._prepare(job, log, environment, scratch)
        timeout = job.timeout * self.pace.second if job.timeout else None
        command = replace(prepared.command, timeout=timeout, grace=GRACE * self.pace.second)
        with self._cloud.lock:
            if job.terminated or self._closed:
                return Ended(None)
            job.process = process = Process(command, prepared.write, lambda _: None)
            self.board.running(job, attempt)
        ended = prepared.ended(process.wait())
        return ended if ended.exit_code is not None else Ended(None, _START + ended.reason + ": unknown")

    def _environment(self, job: Job, log: LogStream) -> dict[str, str]:
        """The job's variables; a database that does not let it in is out of reach, and the log says why."""
        own = environment_of(self._cloud, job, secrets_of(self._cloud, job))
        with self._cloud.lock:
            closed = closed_ports(self._cloud, job)
        environment, told = shut(own, closed)
        for name in sorted(told):
            log.say(f"scrapectl: no security group of database {name} lets this job in: connections are refused")
        return environment

    def _prepare(self, job: Job, log: LogStream, environment: dict[str, str], scratch: Path) -> Prepared:
        """Make ready what runs: in a container when an engine answers, else as a process of this machine."""
        try:
            engine = chosen_by(self._cloud).engine()
        except EngineProblem as problem:
            raise NotStarted(f"CannotStartContainerError: {problem}") from problem
        if engine is not None:
            try:
                return self._contained(engine, job, log, environment, scratch)
            except NoBase as missing:
                if engine.insisted:
                    raise ImageProblem(f"CannotPullContainerError: {missing}") from missing
                log.say(f"scrapectl: run as a process; {engine.name} cannot have {missing}")
        pushed = pull(self._cloud, job)
        image = prepare(pushed.digest, lambda: pushed.layers[0], self._folder)
        if image.recipe.not_run:
            log.say(f"scrapectl: run without a container engine; not run: {'; '.join(image.recipe.not_run)}")
        container = make_container(image, scratch, command_of(job), environment)
        argv = with_mounts(container.argv, job.attempts[-1].mounts, scratch / "mounts")
        return Prepared(Command(argv, container.environment, container.folder), log.write, lambda ended: ended)

    def _contained(
        self, engine: Engine, job: Job, log: LogStream, environment: dict[str, str], scratch: Path
    ) -> Prepared:
        builder = self._builder_of(engine)
        uri = job.container.get("image", "")
        if is_ours(self._cloud, uri):
            pushed = pull(self._cloud, job)
            image = builder.image(pushed.digest, lambda: pushed.layers[0], log.say)
        else:
            image = builder.fetched(uri)
        for path in closed_volumes(image, job):
            log.say(
                f"scrapectl: on AWS {path} belongs to root: VOLUME {path} in the Dockerfile lets its user write there"
            )
        output, kills = Output(log.write), oom_kills()
        command = command_for(engine, image, job, environment, scratch)
        return Prepared(
            command, output, lambda ended: output.ended(ended, oom_before=kills, ours=job.terminated or self._closed)
        )

    def _builder_of(self, engine: Engine) -> Builder:
        with self._cloud.lock:
            self._builder = self._builder or Builder(engine, self._scratch)
            return self._builder


@dataclass(frozen=True)
class Prepared:
    """One attempt ready to run: its command, where its lines go, and what its end means."""

    command: Command
    write: Callable[[list[LogLine]], None]
    ended: Callable[[Ended], Ended]


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
