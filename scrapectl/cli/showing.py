"""A plan, or what came of it → shown in the form that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.cli.options import Settings
from scrapectl.engine.plan import Plan
from scrapectl.errors import UsageError
from scrapectl.views.output import print_document, print_text

if TYPE_CHECKING:
    from scrapectl.pipeline import Rehearsed


def check_form(settings: Settings, *, markdown: bool, calls: bool) -> None:
    """Refuse, before anything is read, forms that exclude each other.

    Raises:
        UsageError: Two of them are given.
    """
    if markdown and settings.json:
        raise UsageError("--markdown and --output json are both given.", "Give one of them.")
    if markdown and calls:
        raise UsageError("--markdown and --calls are both given.", "Give one of them.")


def show_plan(settings: Settings, plan: Plan, *, markdown: bool = False, requests: Rehearsed | None = None) -> None:
    """Show a plan as text (of what is new every field with -v alone), JSON or Markdown; `requests` come after it."""
    if markdown:
        from scrapectl.views.plan_markdown import plan_markdown  # noqa: PLC0415 - each form loads its own view

        print_text(plan_markdown(plan))
    elif settings.json:
        from scrapectl.views.plan_json import plan_document  # noqa: PLC0415 - the same
        from scrapectl.views.requests import requests_document  # noqa: PLC0415 - the same

        print_document(plan_document(plan) | (requests_document(requests) if requests else {}))
    else:
        from scrapectl.views.console import console, print_lines  # noqa: PLC0415 - the same
        from scrapectl.views.plan_text import plan_lines  # noqa: PLC0415 - the same
        from scrapectl.views.requests import requests_lines  # noqa: PLC0415 - the same

        out = console(no_color=settings.no_color)
        print_lines(out, plan_lines(plan, whole=settings.debug))
        print_lines(out, requests_lines(requests) if requests else ())
