"""A plan → shown, agreed to, carried out under the eyes of the user, and told with its exit code."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from scrapectl.aws.session import Session
from scrapectl.cli.asking import ask
from scrapectl.cli.options import Settings
from scrapectl.cli.reach import open_aws, read_spec
from scrapectl.cli.showing import show_plan
from scrapectl.engine.plan import Plan
from scrapectl.errors import Interrupted, PlanRefused
from scrapectl.pipeline import Applied, Options, Planned, apply_plan, plan_spec
from scrapectl.views.console import console, print_lines
from scrapectl.views.output import print_document, tell
from scrapectl.views.plan_file import PlanFile
from scrapectl.views.plan_json import outcome_document, plan_document, refusal
from scrapectl.views.plan_text import Line, outcome_lines, summary_text
from scrapectl.views.progress import Progress

REFUSED = 3
INTERRUPTED = 130
YES_HINT = "Give --yes to go on without being asked."


@dataclass(frozen=True)
class Consent:
    """How a plan is agreed to: `asked` of the one that is shown; `to_any` also to one made again meanwhile."""

    asked: Callable[[Plan], bool]
    to_any: bool


@dataclass(frozen=True)
class Wishes:
    """How `apply` is to be agreed to."""

    yes: bool = False
    plan_file: str | None = None


def apply_spec(settings: Settings, spec: str | None, options: Options, wishes: Wishes) -> int:
    """Plan a spec and carry it out; a saved plan names its spec, and was agreed to when it was saved."""
    saved = PlanFile.read(wishes.plan_file) if wishes.plan_file else None
    if saved:
        settings = replace(settings, stage=saved.stage, sets=saved.sets, region=saved.region)
    read = read_spec(settings, spec, saved.spec if saved and not spec else None, require_env=True)
    aws = open_aws(settings, read)
    planned = plan_spec(read, aws, options, tell)
    if saved:
        saved.refuse_unless_same(planned.plan)

    def agree(_plan: Plan) -> bool:
        return bool(wishes.yes or saved or ask("Apply this? Type yes:", YES_HINT) == "yes")

    return carry_out(settings, planned, aws, options, Consent(agree, wishes.yes and not saved))


def carry_out(settings: Settings, planned: Planned, aws: Session, options: Options, consent: Consent) -> int:
    """Show a plan, ask, and do it.

    Raises:
        PlanRefused: The plan may not be carried out (with JSON, the document says so and the code is returned).
        Interrupted: The user did not agree.
    """
    plan = planned.plan
    if plan.refusals and settings.json:
        show_plan(settings, plan)
        return REFUSED
    if not settings.json:
        show_plan(settings, replace(plan, refusals=()))
    if plan.refusals:
        raise refusal(plan)
    if not plan.empty and not consent.asked(plan):
        raise Interrupted("Nothing was changed.")
    with Progress(no_color=settings.no_color) as progress:
        began = time.monotonic()
        applied = apply_plan(planned, aws, options, progress, lambda new: _replanned(plan, new, consent))
    _show(settings, applied, time.monotonic() - began)
    if applied.interrupted:
        return INTERRUPTED
    return 1 if applied.failed or (planned.destroys and plan.notes) else 0


def _replanned(agreed: Plan, new: Plan, consent: Consent) -> None:
    """Another apply came first: what was agreed to may not be what would be done now."""
    if not consent.to_any and plan_document(new) != plan_document(agreed):
        raise PlanRefused("Another apply came first, and the plan is another now.", "Plan again.")
    tell(f"Another apply came first, so the plan was made again. {summary_text(new)}")


def _show(settings: Settings, applied: Applied, seconds: float) -> None:
    if settings.json:
        document = outcome_document(applied.plan, applied.outcomes, applied.outputs)
        print_document(document)
        return
    out = console(no_color=settings.no_color)
    if applied.interrupted:
        rest = "nothing more was started" if applied.failed else "nothing was left to do"
        print_lines(out, [Line(f"Interrupted: what had begun was finished, and {rest}.", "bold red")])
    print_lines(out, outcome_lines(applied.outcomes, applied.outputs, seconds))
