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
    if schedule.cron is not None:
        check_cron_at(f"{origin}.cron", schedule.cron, findings)
    if schedule.at is not None:
        _tell(f"{origin}.at", check_at(schedule.at), findings)
    check_zone_at(f"{origin}.timezone", schedule.timezone, findings)
    if schedule.rate is not None and "timezone" in schedule.places:
        findings.add(f"{origin}.timezone", "a rate has no time zone.", "Remove it, or write a cron.")
    start, end = (_moment(schedule, key, findings) for key in ("from_date", "to_date"))
    if schedule.at is not None:
        for key in ("from_date", "to_date"):
            if key in schedule.places:
                findings.add(f"{origin}.{key}", f"{key} means nothing beside at.", "Remove it.")
    if start and end and start >= end:
        findings.add(f"{origin}.to_date", "to_date is not after from_date.", "Write a later date.")


def check_cron_at(path: str, text: str, findings: Findings) -> None:
    """Check a cron that stands at a path: its fields, and that it ever comes."""
    problem = check_cron(text)
    _tell(path, problem, findings)
    if problem is None and not fires(text):
        findings.add(path, f"{show(text)} never comes.", "Write a day that its months have.")


def check_zone_at(path: str, text: str, findings: Findings) -> None:
    """Check a time zone that stands at a path."""
    _tell(path, check_timezone(text), findings)


def _tell(path: str, problem: str | None, findings: Findings) -> None:
    if problem:
        what, _, instead = problem.replace("; write ", ". Write ").partition(". ")
        findings.add(path, what if what.endswith(".") else f"{what}.", instead)


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
