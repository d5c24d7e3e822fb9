"""The steps of a workflow, or the one thing a trigger starts → a state machine in the Amazon States Language (pure)."""

from scrapectl.blueprint.workflow.compile import compile_trigger, compile_workflow
from scrapectl.blueprint.workflow.copies import copies_of, copies_uploads, each_step, looked_at, upload_prefixes
from scrapectl.blueprint.workflow.given import FunctionCall, Given, JobCall
from scrapectl.blueprint.workflow.mermaid import mermaid

__all__ = [
    "FunctionCall",
    "Given",
    "JobCall",
    "compile_trigger",
    "compile_workflow",
    "copies_of",
    "copies_uploads",
    "each_step",
    "looked_at",
    "mermaid",
    "upload_prefixes",
]
