"""Turns checks into lines for people, or into JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scrapectl.views.plain import clean, clean_line
from scrapectl.views.plan_text import Line

if TYPE_CHECKING:
    from scrapectl.operate.checks import Check

_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def checks_document(checks: Sequence[Check]) -> dict[str, Any]:
    """The form of `doctor`."""
    return {
        "healthy": all(check.health.value != "fail" for check in checks),
        "checks": [
            {"name": c.name, "health": c.health.value, "text": clean(c.text), "hint": clean(c.hint) or None}
            for c in checks
        ],
    }


def check_lines(check: Check) -> list[Line]:
    """One check, and what to do."""
    lines = [Line(f"{check.health.value:>4}  {check.name}: {clean_line(check.text)}", _STYLES[check.health.value])]
    return [*lines, *([Line(f"      {clean_line(check.hint)}")] if check.hint else [])]
