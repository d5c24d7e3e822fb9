"""An invocation of a function that is a zip: its files and layers, and a process of this machine's own Python."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scrapectl.local.functions.environment import environment_of
from scrapectl.local.functions.package import BadPackage, unpacked
from scrapectl.local.functions.run import Run
from scrapectl.local.jobs.execution_role import NotStarted
from scrapectl.local.jobs.mounts import with_mounts
from scrapectl.local.jobs.process import Command, Ended, base_environment

if TYPE_CHECKING:
    from scrapectl.local.registry import Params

_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")


@dataclass(frozen=True)
class Code:
    """A function's zip, and those of its layers, the first below the others."""

    package: bytes
    layers: tuple[bytes, ...] = ()


class ZipRun(Run):
    """One that runs as a process; `code` is what it runs."""

    code: Code

    def carry_out(self, payload: str) -> Ended:
        """Run the bootstrap in the function's folder; the server's own Python has boto3, as Lambda's runtime has."""
        kept = self.functions.folder / "packages"
        try:
            root = unpacked(self.code.package, kept)
            layers = [unpacked(each, kept) for each in self.code.layers]
        except BadPackage as problem:
            raise NotStarted(str(problem)) from problem
        temporary = self.scratch / "tmp"
        temporary.mkdir()
        call = {"event": payload, "deadline": time.time() + self.timeout, "context": self.context()}
        call["layers"] = [str(layer) for layer in reversed(layers)]  # what comes last lies on top
        (self.scratch / "call.json").write_text(json.dumps(call))
        place = (root, temporary, self.log.name)
        environment = base_environment() | environment_of(self.cloud, self.region, self.configuration, place)
        argv = (sys.executable, str(_BOOTSTRAP), str(self.scratch), str(self.configuration.get("Handler") or ""))
        found = with_mounts(argv, self.around.mounts, self.scratch / "view")
        return self.wait(self.start(Command(found, environment | self.around.endpoints, root, self.timeout, 0.1)))

    def answered(self) -> tuple[str, bool] | None:
        """What the bootstrap wrote down."""
        written = self.scratch / "answer.json"
        if not written.exists():
            return None
        answer = json.loads(written.read_text())
        if "result" in answer:
            return answer["result"], False
        self._tell_of_another_python(answer["error"])
        return json.dumps(answer["error"]), True

    def _tell_of_another_python(self, error: Params) -> None:
        """Say why a library that was built for the function's Python is not found by this one."""
        here, wanted = f"python{sys.version_info.major}.{sys.version_info.minor}", self.configuration["Runtime"]
        if error["errorType"] == "Runtime.ImportModuleError" and here != wanted:
            self.log.say(f"scrapectl: this is {here}; compiled libraries of {wanted} run on AWS alone.")
