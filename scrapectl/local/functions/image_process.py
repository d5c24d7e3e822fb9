"""An invocation of a function that is an image, without a container engine: its build folder, run as a process."""

from __future__ import annotations

from pathlib import Path

from scrapectl.local.functions.environment import environment_of
from scrapectl.local.functions.run import Run
from scrapectl.local.functions.runtime_api import Invocation, RuntimeApi, deadline_in
from scrapectl.local.jobs.execution_role import NotStarted
from scrapectl.local.jobs.image import ImageProblem, make_container, prepare
from scrapectl.local.jobs.process import Command, Ended
from scrapectl.local.registry import Refusal

# What would be told of a function's folder, which an image's program brings itself.
_NOT_ITS_OWN = ("LAMBDA_TASK_ROOT", "TMPDIR")


class ImageProcess(Run):
    """One that runs as a process of this machine; `uri` is its image, `cache` keeps images that were made ready."""

    uri: str
    cache: Path
    api: RuntimeApi | None = None

    def carry_out(self, payload: str) -> Ended:
        """Run the image's program until it has answered; Lambda would keep it for the next event, here it ends."""
        told = Invocation(payload, self.id, self.configuration["FunctionArn"], deadline_in(self.timeout))
        self.api = api = RuntimeApi(told)
        try:
            process = self.start(self._command(api), lambda _: api.answered.set())
            api.answered.wait()
            if api.answer is not None:
                process.kill()
            return self.wait(process)
        finally:
            api.close()

    def answered(self) -> tuple[str, bool] | None:
        """What its program sent."""
        return self.api.answer if self.api else None

    def _command(self, api: RuntimeApi) -> Command:
        place = (self.scratch, self.scratch / "tmp", self.log.name)
        given = environment_of(self.cloud, self.region, self.configuration, place) | self.around.endpoints
        given = {name: value for name, value in given.items() if name not in _NOT_ITS_OWN}
        config = (self.configuration.get("ImageConfigResponse") or {}).get("ImageConfig") or {}
        try:
            with self.cloud.lock:
                pushed = self.cloud.image_layer(self.uri)
            image = prepare(pushed.digest, lambda: pushed.layers[0], self.cache)
            given |= {"AWS_LAMBDA_RUNTIME_API": api.address}
            made = make_container(image, self.scratch, config.get("Command") or (), given)
        except (ImageProblem, Refusal) as problem:
            raise NotStarted(str(problem)) from problem
        return Command(made.argv, made.environment, made.folder, self.timeout, 0.1)
