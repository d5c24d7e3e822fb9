"""Finds workflows that would be refused, or never end well: copies DataSync cannot make, waits beyond their time."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from scrapectl.spec.checks.environment import check_override
from scrapectl.spec.checks.filesystems import check_copied
from scrapectl.spec.checks.function_environment import check_event
from scrapectl.spec.checks.statements import check_statements
from scrapectl.spec.checks.texts import check_shares_in, leaves
from scrapectl.spec.defaults import choose_share
from scrapectl.spec.findings import show
from scrapectl.spec.model import (
    BucketPlace,
    CallStep,
    CopyStep,
    FilePlace,
    OfRun,
    ParallelStep,
    RunStep,
    Template,
    WaitStep,
)
from scrapectl.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Spec, Step, Text, Workflow

# botocore's datasync model, S3Subdirectory and EfsSubdirectory.
_FOLDER = re.compile(r"[A-Za-z0-9_+./() -]*")
_LONGEST_FOLDER = 1024
# A state machine has 1 MB (AWS-FACTS §10); what steps become at most, measured, beside their environment.
_MACHINE_BYTES = 1_000_000
_COPY_BYTES, _STEP_BYTES = 9000, 1500


def check_workflow_keys(values: dict[str, Any], findings: Findings) -> None:
    """Check that each workflow has steps or a definition of its own."""
    for key, workflow in values.get("workflows", {}).items():
        path = f"workflows.{key}"
        if "steps" in workflow and "definition" in workflow:
            findings.add(path, "only one of steps or definition may stand here.", "Keep one.")
        elif "steps" in workflow and "access" in workflow:
            findings.add(f"{path}.access", "is of a definition; steps imply what they may do.", "Remove it.")
        elif not workflow.keys() & {"steps", "definition"} and all(
            findings.is_sound(f"{path}.{key}") for key in ("steps", "definition")
        ):
            hint = "Write steps: [{run: JOB}], or definition: ./FILE."
            findings.add(path, "steps or definition is missing.", hint)


def check_workflow(spec: Spec, workflow: Workflow, findings: Findings) -> None:
    """Check one workflow."""
    check_statements(workflow, findings)
    check_shares_in(spec, workflow.origin, texts_of_workflow(workflow), findings)
    for step in all_steps(workflow.steps):
        if isinstance(step, CopyStep):
            _check_copy(spec, step, findings)
        elif isinstance(step, RunStep):
            _check_run(spec, step, findings)
        elif isinstance(step, CallStep) and step.function in spec.functions:  # a wrong loader was told
            check_event(spec.functions[step.function], step.environment, f"{step.origin}.environment", findings)
    _check_size(workflow, findings)
    if workflow.states is not None:
        _check_definition(workflow, findings)
    waited = _waited(workflow.steps)
    if waited >= workflow.timeout:
        message = f"waits {format_duration(waited)} in all, and may take {format_duration(workflow.timeout)}."
        findings.add(f"{workflow.origin}.timeout", message, "Write a longer timeout, or wait less.")


def _check_definition(workflow: Workflow, findings: Findings) -> None:
    """A definition of the user's own says its own time; without one, the workflow's holds."""
    if "timeout" in workflow.places and isinstance(workflow.states, dict) and "TimeoutSeconds" in workflow.states:
        message = "TimeoutSeconds stands in the definition, too."
        findings.add(f"{workflow.origin}.timeout", message, "Remove one of the two.")


def _check_size(workflow: Workflow, findings: Findings) -> None:
    size = 0
    for step in all_steps(workflow.steps):
        size += _COPY_BYTES if isinstance(step, CopyStep) else _STEP_BYTES
        if isinstance(step, RunStep | CallStep):
            size += sum(len(json.dumps(str(text))) + len(name) for name, text in step.environment.items())
    if size > _MACHINE_BYTES:
        message = f"comes to about {size // 1000} kB as a state machine, which holds {_MACHINE_BYTES // 1000} kB."
        findings.add(f"{workflow.origin}.steps", message, "Write less, or part it into two workflows.")


def all_steps(steps: Iterable[Step]) -> Iterator[Step]:
    """Yield every step, those in branches as well."""
    for step in steps:
        yield step
        if isinstance(step, ParallelStep):
            for branch in step.branches:
                yield from all_steps(branch)


def texts_of_workflow(workflow: Workflow) -> Iterator[tuple[str, Text]]:
    """Yield every text of a workflow that may hold references, with its path in it; not those of its schedules."""
    start = len(workflow.origin) + 1
    for step in all_steps(workflow.steps):
        if isinstance(step, RunStep | CallStep):
            for name, text in step.environment.items():
                yield f"{step.origin[start:]}.environment.{name}", text
        elif isinstance(step, CopyStep) and step.only is not None:
            yield f"{step.origin[start:]}.only", step.only
    for text in leaves(workflow.states):
        yield "definition", text
    for number, statement in enumerate(workflow.access.policy):
        for leaf in leaves(statement):
            yield f"access.policy.{number}", leaf


def _check_copy(spec: Spec, step: CopyStep, findings: Findings) -> None:
    if isinstance(step.source, BucketPlace) and isinstance(step.target, BucketPlace):
        hint = "Write run: JOB, with a job that may read the one and write the other."
        findings.add(step.origin, "copies between a bucket and a file system, and both are buckets.", hint)
    if isinstance(step.source, FilePlace) and isinstance(step.target, FilePlace):
        hint = "Write run: JOB, with a job that mounts both."
        findings.add(step.origin, "copies between a bucket and a file system, and both are file systems.", hint)
    for key, place in (("from", step.source), ("to", step.target)):
        if isinstance(place, FilePlace):
            check_copied(spec, place, f"{step.origin}.{key}", findings)
        folder = place.prefix if isinstance(place, BucketPlace) else place.path
        if not _FOLDER.fullmatch(folder) or len(folder) > _LONGEST_FOLDER:
            message = f"DataSync takes no folder {show(folder)}."
            findings.add(f"{step.origin}.{key}", message, "Write letters, digits, blanks and _+./()-, to 1024.")
    _check_only(step, findings)


def _check_only(step: CopyStep, findings: Findings) -> None:
    """A key comes from whoever uploads: as a filter it could name more than itself."""
    path, only = f"{step.origin}.only", step.only
    if isinstance(only, str) and not only.strip("/"):
        findings.add(path, "names nothing.", "Remove it to copy all, or name one folder.")
    for part in only.parts if isinstance(only, Template) else ():
        if isinstance(part, OfRun) and part.name != "run":
            hint = "Leave only out: a copy out of the upload's bucket copies that object alone."
            findings.add(path, f"{part} is whatever was uploaded, and no name for a filter.", hint)


def _check_run(spec: Spec, step: RunStep, findings: Findings) -> None:
    job = spec.jobs.get(step.job)
    if job is None:
        return  # it has no image, which has been told
    if step.share is not None:
        choose_share(step.share, spec.job_queues.get(job.queue), findings, f"{step.origin}.share")
    check_override(job, step.environment, f"{step.origin}.environment", findings)


def _waited(steps: Iterable[Step]) -> int:
    """The seconds that steps wait at least, one after the other."""
    seconds = 0
    for step in steps:
        if isinstance(step, WaitStep):
            seconds += step.seconds
        elif isinstance(step, ParallelStep):
            seconds += max((_waited(branch) for branch in step.branches), default=0)
    return seconds
