"""A spec → its picture: of all of it, or of the states of one workflow; AWS is not asked."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from scrapectl.errors import UsageError

if TYPE_CHECKING:
    from scrapectl.spec.model import Spec, Workflow


def draw(spec: Spec, workflow: str | None) -> tuple[str, dict[str, Any]]:
    """A diagram, and the members of the document that tell what is in it.

    Raises:
        UsageError: There is no such workflow.
    """
    if workflow is None:
        from scrapectl.views.flowchart import flowchart, graph_document  # noqa: PLC0415 - each form loads its own
        from scrapectl.views.graph import graph  # noqa: PLC0415 - the same

        found = graph(spec)
        return flowchart(found), graph_document(found)
    if workflow not in spec.workflows:
        close = difflib.get_close_matches(workflow, spec.workflows, 1)
        names = ", ".join(spec.workflows) or "none"
        hint = f'Did you mean "{close[0]}"?' if close else f"There are: {names}."
        raise UsageError(f'There is no workflow "{workflow}".', hint)
    from scrapectl.blueprint.workflow import mermaid  # noqa: PLC0415 - only this form needs it

    states = _machine(spec, spec.workflows[workflow])
    return mermaid(states), {"workflow": workflow, "states": sorted(states.get("States", {}))}


def _machine(spec: Spec, workflow: Workflow) -> dict[str, Any]:
    """The machine as it will be, with names where ARNs will stand; the user's own as it was written."""
    from scrapectl.blueprint.workflow import (  # noqa: PLC0415 - only this form needs it
        FunctionCall,
        Given,
        JobCall,
        compile_workflow,
        copies_of,
        each_step,
    )
    from scrapectl.spec.model import RunStep, UploadEvent  # noqa: PLC0415 - the same

    if workflow.states is not None:
        return dict(workflow.states)
    ran = {step.job for step in each_step(workflow.steps) if isinstance(step, RunStep)}
    on = [each.on for each in spec.triggers.values() if (each.section, each.starts) == ("workflows", workflow.key)]
    given = Given(
        pipeline=spec.owner,
        jobs={key: JobCall(name=key, definition=key, queue=job.queue) for key, job in spec.jobs.items() if key in ran},
        functions={key: FunctionCall(arn=key) for key in spec.functions},
        tasks=tuple(str(step.target) for step in copies_of(workflow.steps)),
        topic=workflow.on_failure or (spec.alerts.to if spec.alerts.failed_runs else None),
        uploads=tuple(event.place for event in on if isinstance(event, UploadEvent)),
    )
    return compile_workflow(workflow, given)
