"""Finds what is wrong with a job: sizes Fargate does not have, processors that differ, statements IAM refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapectl.spec.findings import one_of, show
from scrapectl.spec.model import Attribute, Template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Job, Spec, Text

# vCPUs to the MiB that Fargate has with them ("Troubleshoot Amazon ECS task definition invalid CPU or memory errors").
FARGATE_SIZES: dict[float, tuple[int, ...]] = {
    0.25: (512, 1024, 2048),
    0.5: tuple(range(1024, 4096 + 1, 1024)),
    1: tuple(range(2048, 8192 + 1, 1024)),
    2: tuple(range(4096, 16384 + 1, 1024)),
    4: tuple(range(8192, 30720 + 1, 1024)),
    8: tuple(range(16384, 61440 + 1, 4096)),
    16: tuple(range(32768, 122880 + 1, 8192)),
}
_STATEMENT_KEYS = ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")


def check_job(spec: Spec, job: Job, findings: Findings) -> None:
    """Check one job."""
    if all(findings.is_sound(f"{job.origin}.{key}") for key in ("vcpus", "memory")):
        _check_size(job, findings)
    image = spec.image_of(job)
    if image and image.platform != job.platform:
        message = f'the image "{image.key}" is built for {image.platform}, and the job runs on {job.platform}.'
        written = "platform" if "platform" in job.places else "image"
        findings.add(f"{job.origin}.{written}", message, f"Write platform: {job.platform} in both, for example.")
    for number, statement in enumerate(job.access.policy):
        _check_statement(statement, f"{job.origin}.access.policy.{number}", findings)
    _check_shares_named(spec, job, findings)


def _check_size(job: Job, findings: Findings) -> None:
    """Say which sizes fit: the memory to these vCPUs, and the vCPUs to this memory."""
    sizes = FARGATE_SIZES.get(job.vcpus, ())
    if job.memory in sizes:
        return
    path = f"{job.origin}.memory" if "memory" in job.places else f"{job.origin}.vcpus"
    fitting = [format(vcpus, "g") for vcpus, memory in FARGATE_SIZES.items() if job.memory in memory]
    other = f", or vcpus: {one_of(fitting)}" if fitting else ""
    findings.add(
        path,
        f"Fargate has no {job.vcpus:g} vCPUs with {job.memory} MiB.",
        f"Write memory: {_listed(sizes)}{other}.",
    )


def _listed(sizes: tuple[int, ...]) -> str:
    if len(sizes) <= 8:  # noqa: PLR2004 - what still reads well in a line
        return one_of(sizes)
    return f"{sizes[0]} to {sizes[-1]} in steps of {sizes[1] - sizes[0]}"


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
