"""Chooses what a spec leaves unsaid: which compute environments a queue has, which queue and share a job takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scrapectl.spec.findings import one_of, show

if TYPE_CHECKING:
    from scrapectl.errors import Place
    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import JobQueue


@dataclass(frozen=True)
class Choice:
    """The names to choose from, and where a problem with the choice is told."""

    names: tuple[str, ...]
    findings: Findings
    origin: str
    where: Place

    def has(self, name: str, what: str, section: str, path: str) -> bool:
        """Say whether a name is among them, and tell when it is not."""
        if name in self.names:
            return True
        hint = self.findings.suggest(name, self.names, f"Add it to {section}.")
        self.findings.add(path, f"there is no {what} {show(name)}.", hint)
        return False

    def only(self) -> str | None:
        """Give the name that is meant when none is written: `default`, else the only one."""
        if "default" in self.names:
            return "default"
        return self.names[0] if len(self.names) == 1 else None


def choose_compute(written: list[str] | None, choice: Choice) -> tuple[str, ...]:
    """Choose the compute environments of a queue."""
    if written is not None:
        path = f"{choice.origin}.compute"
        section = "compute_environments"
        return tuple(
            name for number, name in enumerate(written) if choice.has(name, "environment", section, f"{path}.{number}")
        )
    only = choice.only()
    if only is None and choice.names:
        message = f"which compute environment is meant, {one_of(choice.names)}?"
        choice.findings.add(choice.origin, message, f"Write compute: [{choice.names[0]}].", choice.where)
    return (only,) if only else ()


def choose_queue(written: str | None, choice: Choice) -> str:
    """Choose the queue of a job; "" when there is none to choose, which is told."""
    if written is not None:
        return written if choice.has(written, "job queue", "job_queues", f"{choice.origin}.queue") else ""
    only = choice.only()
    if only is None:
        message = f"which job queue is meant, {one_of(choice.names)}?"
        choice.findings.add(choice.origin, message, f"Write queue: {choice.names[0]}.", choice.where)
    return only or ""


def choose_share(written: str | None, queue: JobQueue | None, findings: Findings, path: str) -> str | None:
    """Choose the share of a job or schedule: its own, else the queue's first, else none."""
    if queue is None:
        return written
    if written is None:
        return next(iter(queue.shares), None)
    if written in queue.shares:
        return written
    if not queue.shares:
        message = f'the queue "{queue.key}" has no shares.'
        findings.add(path, message, f"Remove share, or add shares to job_queues.{queue.key}.")
    else:
        message = f'the queue "{queue.key}" has no share {show(written)}.'
        findings.add(path, message, findings.suggest(written, queue.shares))
    return None
