"""Schedules that stand → paused or resumed, under the pipeline's lease: an apply never meets one half done."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from scrapectl.aws.anchor import Anchor
from scrapectl.aws.anchor_state import Holder
from scrapectl.aws.session import Session
from scrapectl.engine.ownership import owner_of, unmoved_fields
from scrapectl.engine.resource import Key, Live
from scrapectl.errors import UsageError
from scrapectl.kinds.schedule import OFF, Schedule
from scrapectl.kinds.schedule_mark import PAUSED
from scrapectl.operate.host_pauses import hold, notes_of
from scrapectl.operate.hosts import StandingHost
from scrapectl.operate.runnables import find_runnables
from scrapectl.operate.schedules import standing_timings
from scrapectl.operate.timing import Timing
from scrapectl.spec.names import schedule_name

_WHO_LENGTH = 20  # a schedule's description has little room


@dataclass(frozen=True)
class Held:
    """What came of one schedule: `changed` by this command, else `note` says why it was left as it is."""

    timing: Timing
    changed: bool
    note: str = ""


def hold_schedules(
    aws: Session, owner: str, job: str, schedule: str | None, *, pause: bool, tell: Callable[[str], None]
) -> list[Held]:
    """Pause (or resume) the schedules of something, or one of them by its key or its name in AWS.

    Doing it again changes nothing. What the spec has off is left: it starts nothing, and only the spec turns it on.

    Raises:
        UsageError: There is nothing of this name, or no such schedule.
    """
    meant = _meant(aws, owner, job, schedule)
    host = find_runnables(aws, owner).things.get(job)
    if isinstance(host, StandingHost):
        return _hold_host(aws, owner, host, meant, _Order(tell, pause=pause))
    keys: list[Key] = [(owner, timing.name) for timing in meant]
    notes = _notes(keys, Schedule.read_many(aws, keys), owner, pause=pause)
    if not all(notes.values()):
        notes = _under_lease(aws, keys, owner, tell, pause=pause)
    after = {timing.name: timing for timing in standing_timings(aws, owner, find_runnables(aws, owner).things)}
    return [
        Held(after.get(timing.name, timing), not notes[owner, timing.name], notes[owner, timing.name])
        for timing in meant
    ]


@dataclass(frozen=True)
class _Order:
    """To pause or to resume, and whom to tell of a wait."""

    tell: Callable[[str], None]
    pause: bool


def _hold_host(aws: Session, owner: str, host: StandingHost, meant: Sequence[Timing], order: _Order) -> list[Held]:
    """The like for a host, whose schedules are scheduled actions of its group."""
    names, pause = [timing.name for timing in meant], order.pause
    notes = notes_of(aws, host, names, owner, pause=pause)
    if not all(notes.values()):
        anchor = Anchor(aws, owner, "schedule pause" if pause else "schedule resume", order.tell)
        anchor.take(anchor.read())
        try:
            notes = notes_of(aws, host, names, owner, pause=pause)
            since = f"{aws.now():%Y-%m-%dT%H:%M:%SZ} by {_who()}" if pause else ""
            for name in (name for name in names if not notes[name]):
                hold(aws, host, name, since)
        finally:
            anchor.release(changed=False)
    after = {timing.name: timing for timing in standing_timings(aws, owner, find_runnables(aws, owner).things)}
    return [Held(after.get(one.name, one), not notes[one.name], notes[one.name]) for one in meant]


def _meant(aws: Session, owner: str, job: str, schedule: str | None) -> list[Timing]:
    timings = standing_timings(aws, owner, find_runnables(aws, owner).things)
    jobs = sorted({timing.job for timing in timings})
    if job not in jobs:
        close = difflib.get_close_matches(job, jobs, 1)
        hint = f'Did you mean "{close[0]}"?' if close else f"There are schedules of: {', '.join(jobs) or 'nothing'}."
        raise UsageError(f'{owner} has no schedule of "{job}".', hint)
    of_job = [timing for timing in timings if timing.job == job]
    if schedule is None:
        return of_job
    names = {schedule, schedule_name(job, schedule)}
    found = [timing for timing in of_job if timing.name in names or timing.address.endswith(f"-{job}_{schedule}")]
    if not found:
        there = ", ".join(timing.name for timing in of_job)
        raise UsageError(f'{job} has no schedule "{schedule}".', f"It has: {there}.")
    return found


def _under_lease(
    aws: Session, keys: Sequence[Key], owner: str, tell: Callable[[str], None], *, pause: bool
) -> dict[Key, str]:
    """Change those that are not yet so, as they are once nobody else is at work."""
    anchor = Anchor(aws, owner, "schedule pause" if pause else "schedule resume", tell)
    anchor.take(anchor.read())
    try:
        lives = Schedule.read_many(aws, keys)
        notes = _notes(keys, lives, owner, pause=pause)
        since = f"{aws.now():%Y-%m-%dT%H:%M:%SZ} by {_who()}"
        for key in (key for key in keys if not notes[key]):
            Schedule.pause(aws, lives[key], since if pause else "")
    finally:
        anchor.release(changed=False)
    return notes


def _notes(keys: Sequence[Key], lives: dict[Key, Live], owner: str, *, pause: bool) -> dict[Key, str]:
    """Why each schedule is left as it is; "" for one that is to be changed."""
    return {key: _why_left(lives.get(key), owner, pause=pause) for key in keys}


def _why_left(live: Live | None, owner: str, *, pause: bool) -> str:
    if live is None:
        return "gone meanwhile"
    if owner_of(live) != owner:
        return f"not a schedule of {owner}"
    off = cast("Schedule", live.resource).state == OFF
    paused = off and PAUSED in live.tags
    by_spec = off and not paused and "state" in unmoved_fields(live.resource, live.tags)
    if pause:
        return (
            f"paused already, {live.tags[PAUSED]}" if paused else "off in the spec (enabled: false)" if by_spec else ""
        )
    if paused:
        return ""
    if by_spec:
        return "off in the spec (enabled: false), which alone turns it on"
    return "turned off in AWS, not paused; apply turns it on" if off else "not paused"


def _who() -> str:
    """The user's name in the few characters that a description has for it."""
    return re.sub(r"[^A-Za-z0-9._@-]", "-", Holder.me("").who)[:_WHO_LENGTH]
