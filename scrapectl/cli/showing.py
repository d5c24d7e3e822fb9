"""A plan, or what came of it → shown in the form that was asked for."""

from __future__ import annotations

from scrapectl.cli.options import Settings
from scrapectl.engine.plan import Plan
from scrapectl.errors import UsageError
from scrapectl.views.output import print_document, print_text


def show_plan(settings: Settings, plan: Plan, *, markdown: bool = False) -> None:
    """Show a plan as text (of what is new every field with -v alone), JSON or Markdown."""
    if markdown and settings.json:
        raise UsageError("--markdown and --output json are both given.", "Give one of them.")
    if markdown:
        from scrapectl.views.plan_markdown import plan_markdown  # noqa: PLC0415 - each form loads its own view

        print_text(plan_markdown(plan))
    elif settings.json:
        from scrapectl.views.plan_json import plan_document  # noqa: PLC0415 - the same

        print_document(plan_document(plan))
    else:
        from scrapectl.views.console import console, print_lines  # noqa: PLC0415 - the same
        from scrapectl.views.plan_text import plan_lines  # noqa: PLC0415 - the same

        print_lines(console(no_color=settings.no_color), plan_lines(plan, whole=settings.debug))
