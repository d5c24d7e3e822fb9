"""Turns a plan into Markdown for a pull request: the sum, and the whole plan in one block that nothing can break."""

from __future__ import annotations

import re

from scrapectl.engine.plan import Action, Plan
from scrapectl.views.plan_text import Line, change_lines, plan_end, summary_text

_DIFF = {Action.CREATE: "+", Action.UPDATE: "!", Action.REPLACE: "!", Action.DELETE: "-"}


def plan_markdown(plan: Plan) -> str:
    """The plan as Markdown; outside text stands in a fence longer than any run of backticks in it."""
    owner = f"{plan.pipeline}.{plan.stage}" if plan.stage else plan.pipeline
    head = f"### scrapectl plan: {owner}\n\nAccount {plan.account}, region {plan.region}. **{summary_text(plan)}**\n"
    blocks = [_marked(change_lines(change), _DIFF[change.action]) for change in plan.changes]
    body = "\n".join([*blocks, *(line.text for line in plan_end(plan))])
    if not body:
        return head
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", body)), default=0))
    return f"{head}\n{fence}diff\n{body}\n{fence}\n"


def _marked(lines: list[Line], mark: str) -> str:
    """The head of a change with the mark that colours it in a diff block."""
    head, *fields = (line.text for line in lines)
    return "\n".join([f"{mark} {head.lstrip('+-~/ ')}", *fields])
