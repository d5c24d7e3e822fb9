"""Lists the texts of jobs and functions that may hold references, and the attributes that they ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapectl.spec.findings import show
from scrapectl.spec.model import Attribute, Host, Template

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Function, Job, Spec, Text


def texts_of(runner: Job | Function | Host) -> Iterator[tuple[str, Text]]:
    """Yield every text of a job, function or host, with its path inside it; not those of its schedules."""
    if runner.image is not None:
        yield "image", runner.image
    for number, word in enumerate(runner.command):
        yield f"command.{number}", word
    if isinstance(runner, Host):
        for key, lines in (("setup", runner.setup), ("script", runner.script)):
            yield from ((f"{key}.{number}", line) for number, line in enumerate(lines))
    for name, text in runner.environment.items():
        yield f"environment.{name}", text
    for name, ref in runner.secrets.items():
        if ref.arn is not None:
            yield f"secrets.{name}", ref.arn
    for number, statement in enumerate(runner.access.policy):
        for leaf in leaves(statement):
            yield f"access.policy.{number}", leaf


def attributes_in(text: Text) -> list[Attribute]:
    """List the attributes a text asks for."""
    parts = text.parts if isinstance(text, Template) else ()
    return [part for part in parts if isinstance(part, Attribute)]


def leaves(value: Any) -> Iterator[Text]:
    """Yield every text inside plain values."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    elif isinstance(value, str | Template):
        yield value


def check_shares_named(spec: Spec, runner: Job | Function | Host, findings: Findings) -> None:
    """`${job.x.share}` has no value where x waits in a queue without shares."""
    check_shares_in(spec, runner.origin, texts_of(runner), findings)


def check_shares_in(spec: Spec, origin: str, texts: Iterable[tuple[str, Text]], findings: Findings) -> None:
    """The like for the texts of anything, each with its path inside it."""
    for path, text in texts:
        for attribute in attributes_in(text):
            target = spec.jobs.get(attribute.name) if attribute.section == "job" else None
            if target and attribute.attribute == "share" and target.share is None:
                message = f"the job {show(target.key)} has no share."
                findings.add(f"{origin}.{path}", message, "Add shares to its queue, or remove the reference.")
