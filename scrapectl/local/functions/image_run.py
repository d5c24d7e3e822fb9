"""An invocation of a function that is an image: a container of its own, and the Runtime API that its runtime asks."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from scrapectl.local.engine.build import Builder, Built, NoBase
from scrapectl.local.engine.choice import Engine, client_environment
from scrapectl.local.engine.container import ulimits
from scrapectl.local.functions.environment import environment_of
from scrapectl.local.functions.run import Run
from scrapectl.local.functions.runtime_api import Invocation, RuntimeApi, deadline_in
from scrapectl.local.jobs.execution_role import NotStarted
from scrapectl.local.jobs.image import ImageProblem
from scrapectl.local.jobs.process import Command, Ended, Process
from scrapectl.local.registry import Refusal

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

# Of the process's environment these would speak of this machine and not of the container.
_OF_A_PROCESS = ("TMPDIR", "LAMBDA_TASK_ROOT", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
_ENDS = 20.0  # seconds for an engine, also a busy one, to end a container
_AT_ONCE = {"podman": ("--time", "0")}


class _Kept:
    builder: Builder | None = None


class ImageRun(Run):
    """One that runs in a container of an engine that answers; `uri` is its image."""

    engine: Engine
    uri: str
    api: RuntimeApi | None = None

    def carry_out(self, payload: str) -> Ended:
        """Run the image until it has answered; Lambda would keep it for the next event, here it ends."""
        image = self._image()
        told = Invocation(payload, self.id, self.configuration["FunctionArn"], deadline_in(self.timeout))
        self.api = api = RuntimeApi(told)
        try:
            process = self.start(self._command(image, api), lambda _: api.answered.set())
            api.answered.wait()
            if api.answer is not None:
                self._end(process)
            return self.wait(process)
        finally:
            api.close()

    def _end(self, process: Process) -> None:
        """End what has answered: the container first, for its client, when killed, loses lines or leaves it behind."""
        kill = self.engine.command("kill", "--signal", "KILL", self._name)
        with contextlib.suppress(OSError, subprocess.TimeoutExpired, TimeoutError):
            subprocess.run(kill, env=client_environment(), capture_output=True, timeout=_ENDS, check=False)
            process.wait(_ENDS)
        process.kill()

    @property
    def _name(self) -> str:
        return f"scrapectl-{self.id}"

    def answered(self) -> tuple[str, bool] | None:
        """What the runtime sent."""
        return self.api.answer if self.api else None

    def _image(self) -> Built:
        builder = _builder_of(self.cloud, self.engine, self.functions.folder)
        try:
            pushed = self.cloud.image_layer(self.uri)
            return builder.image(pushed.digest, lambda: pushed.layers[0], self.log.say)
        except (ImageProblem, NoBase, Refusal) as problem:
            raise NotStarted(str(problem)) from problem

    def _command(self, image: Built, api: RuntimeApi) -> Command:
        """The container: as Lambda's, read-only but for /tmp, and removed when it has ended.

        No variable's value stands in the command line, which every user of the machine can read.
        """
        place = (Path("/var/task"), Path("/tmp"), self.log.name)  # noqa: S108 - the container's own
        environment = environment_of(self.cloud, self.region, self.configuration, place) | self.around.endpoints
        environment |= {"AWS_LAMBDA_RUNTIME_API": api.address}
        lines = {key: value for key, value in environment.items() if key not in _OF_A_PROCESS and "\n" not in value}
        file = self.scratch / "environment"
        file.touch(mode=0o600)
        file.write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
        memory = ("--memory", f"{self.configuration['MemorySize']}m") if self.engine.limits_memory else ()
        config = (self.configuration.get("ImageConfigResponse") or {}).get("ImageConfig") or {}
        at_once = _AT_ONCE.get(self.engine.name, ())
        options = [
            *("--name", self._name, "--label", "scrapectl=local", "--pull", "never", "--network", "host"),
            *("--log-driver", "none", "--cap-drop", "all", "--security-opt", "no-new-privileges", *ulimits()),
            *("--read-only", "--tmpfs", "/tmp", "--env-file", str(file), *memory),  # noqa: S108 - the container's own
            *(word for one in self.around.mounts for word in ("--volume", f"{one.folder}:{one.path}")),
        ]
        return Command(
            tuple(self.engine.command("run", *options, image.name, *(config.get("Command") or ()))),
            client_environment(),
            self.scratch,
            self.timeout,
            0.1,
            afterwards=(tuple(self.engine.command("rm", "--force", "--volumes", *at_once, self._name)),),
        )


def _builder_of(cloud: Cloud, engine: Engine, folder: Path) -> Builder:
    with cloud.lock:
        kept = cloud.store(_Kept, "global")
        kept.builder = kept.builder or Builder(engine, folder)
        return kept.builder
