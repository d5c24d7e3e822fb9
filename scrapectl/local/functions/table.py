"""A cloud's one table of invocations: how many run of each function, their processes, and how they ended."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud
    from scrapectl.local.jobs.process import Process


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
    """The table.

    Attributes:
        folder: Where zips are unpacked, and invocations keep their files.
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
    """Return the table, made when first asked for."""
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
