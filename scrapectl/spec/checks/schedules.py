"""Finds schedules that EventBridge Scheduler refuses, or that never start anything."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from scrapectl.spec.cron import check_at, check_cron, check_timezone, fires
from scrapectl.spec.findings import show

if TYPE_CHECKING:
    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Schedule


def check_schedule(schedule: Schedule, findings: Findings) -> None:
    """Check one schedule."""
    origin = schedule.origin
    for key, text, check in (
        ("cron", schedule.cron, check_cron),
        ("at", schedule.at, check_at),
        ("timezone", schedule.timezone, check_timezone),
    ):
        problem = check(text) if text is not None else None
        if problem:
            what, _, instead = problem.replace("; write ", ". Write ").partition(". ")
            findings.add(f"{origin}.{key}", what if what.endswith(".") else f"{what}.", instead)
    if schedule.cron is not None and findings.is_sound(f"{origin}.cron") and not fires(schedule.cron):
        findings.add(f"{origin}.cron", f"{show(schedule.cron)} never comes.", "Write a day that its months have.")
    if schedule.rate is not None and "timezone" in schedule.places:
        findings.add(f"{origin}.timezone", "a rate has no time zone.", "Remove it, or write a cron.")
    start, end = (_moment(schedule, key, findings) for key in ("from_date", "to_date"))
    if schedule.at is not None:
        for key in ("from_date", "to_date"):
            if key in schedule.places:
                findings.add(f"{origin}.{key}", f"{key} means nothing beside at.", "Remove it.")
    if start and end and start >= end:
        findings.add(f"{origin}.to_date", "to_date is not after from_date.", "Write a later date.")


def _moment(schedule: Schedule, key: str, findings: Findings) -> datetime | None:
    text: str | None = getattr(schedule, key)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or "T" not in text:
        hint = "Write date, time and zone: 2026-12-01T00:00:00Z."
        findings.add(f"{schedule.origin}.{key}", f"{show(text)} is no moment.", hint)
        return None
    return moment
