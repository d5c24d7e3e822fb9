"""Schedules of a host that stands → paused or resumed, and why some are left as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from scrapectl.aws.session import Session
from scrapectl.engine.ownership import owner_of
from scrapectl.engine.resource import Live
from scrapectl.kinds.autoscaling_group import AutoscalingGroup
from scrapectl.kinds.autoscaling_pause import pauses
from scrapectl.operate import host_schedules
from scrapectl.operate.hosts import StandingHost


def notes_of(aws: Session, host: StandingHost, names: Sequence[str], owner: str, *, pause: bool) -> dict[str, str]:
    """Why each schedule is left as it is; "" for one that is to be changed."""
    live = _live(aws, host)
    return {name: _why_left(live, name, owner, pause=pause) for name in names}


def hold(aws: Session, host: StandingHost, name: str, since: str) -> None:
    """Pause a schedule, with a note of when and by whom; "" resumes it."""
    live = _live(aws, host)
    if live is not None and since:
        host_schedules.pause(aws, live, name, since)
    elif live is not None:
        host_schedules.resume(aws, live, name)


def _live(aws: Session, host: StandingHost) -> Live | None:
    return AutoscalingGroup.read_many(aws, [(host.physical,)]).get((host.physical,))


def _why_left(live: Live | None, name: str, owner: str, *, pause: bool) -> str:
    if live is None:
        return "gone meanwhile"
    if owner_of(live) != owner:
        return f"not a schedule of {owner}"
    stands = any(one.schedule == name for one in cast("AutoscalingGroup", live.resource).actions)
    held = pauses(live.tags).get(name)
    if pause:
        return f"paused already, {held.since}" if held and not stands else ""
    return "" if held else "not paused"
