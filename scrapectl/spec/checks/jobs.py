"""Finds what is wrong with a job: processors that differ, statements IAM refuses, attributes without a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapectl.spec.findings import show
from scrapectl.spec.model import Attribute, Template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Job, Spec, Text

_STATEMENT_KEYS = ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")


def check_job(spec: Spec, job: Job, findings: Findings) -> None:
    """Check one job."""
    image = spec.image_of(job)
    if image and image.platform != job.platform:
        message = f'the image "{image.key}" is built for {image.platform}, and the job runs on {job.platform}.'
        written = "platform" if "platform" in job.places else "image"
        findings.add(f"{job.origin}.{written}", message, f"Write platform: {job.platform} in both, for example.")
    for number, statement in enumerate(job.access.policy):
        _check_statement(statement, f"{job.origin}.access.policy.{number}", findings)
    _check_shares_named(spec, job, findings)


def _check_statement(statement: Any, path: str, findings: Findings) -> None:
    for key in statement:
        if key not in _STATEMENT_KEYS:
            place = findings.place_of(f"{path}.{key}")
            findings.add(
                path, f"unknown key {show(key)} in a statement.", findings.suggest(key, _STATEMENT_KEYS), place
            )
    effect = statement.get("Effect")
    if effect not in ("Allow", "Deny"):
        message = "a statement needs an Effect." if effect is None else f"{show(effect)} is no Effect."
        findings.add(path, message, "Write Effect: Allow or Effect: Deny.")
    for either, other in (("Action", "NotAction"), ("Resource", "NotResource")):
        if (either in statement) == (other in statement):
            findings.add(path, f"a statement needs {either} or {other}, and not both.", f"Write {either}: ….")


def _check_shares_named(spec: Spec, job: Job, findings: Findings) -> None:
    """`${job.x.share}` has no value where x waits in a queue without shares."""
    for path, text in texts_of(job):
        for attribute in attributes_in(text):
            target = spec.jobs.get(attribute.name) if attribute.section == "job" else None
            if target and attribute.attribute == "share" and target.share is None:
                message = f"the job {show(target.key)} has no share."
                findings.add(f"{job.origin}.{path}", message, "Add shares to its queue, or remove the reference.")


def texts_of(job: Job) -> Iterator[tuple[str, Text]]:
    """Yield every text of a job that may hold references, with its path inside the job; not those of its schedules."""
    yield "image", job.image
    for number, word in enumerate(job.command):
        yield f"command.{number}", word
    for name, text in job.environment.items():
        yield f"environment.{name}", text
    for name, ref in job.secrets.items():
        if ref.arn is not None:
            yield f"secrets.{name}", ref.arn
    for number, statement in enumerate(job.access.policy):
        for leaf in _leaves(statement):
            yield f"access.policy.{number}", leaf


def attributes_in(text: Text) -> list[Attribute]:
    """List the attributes a text asks for."""
    parts = text.parts if isinstance(text, Template) else ()
    return [part for part in parts if isinstance(part, Attribute)]


def _leaves(value: Any) -> Iterator[Text]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    elif isinstance(value, str | Template):
        yield value
