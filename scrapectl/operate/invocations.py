"""Functions' log streams → their runs: all that AWS tells of calls that nobody waited for.

Lambda keeps no list of its calls. Each begins and ends with a line of its own, in a stream that is named
`YYYY/MM/DD/<function>[<version>][<environment>]` in a log group that functions share ("Configuring CloudWatch log
groups", Lambda Developer Guide), and `YYYY/MM/DD/[<version>]<environment>` in one of its own.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scrapectl.operate.functions import StandingFunction
from scrapectl.operate.patience import patiently
from scrapectl.operate.run import Run

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws

_ABSENT = ("ResourceNotFoundException",)
_STREAM = re.compile(r"[0-9]{4}/[0-9]{2}/[0-9]{2}/([^\[]*)\[")
_CENTURY = "20"  # what every stream of a function begins with, and none of a job: names begin with a letter
_MARK = re.compile(r"(START|REPORT) RequestId: (\S+)")
_STATUS = re.compile(r"\tStatus: (\w+)(?:\tError Type: (\S+))?")
_FAULT = re.compile(r"^\[ERROR\] (?!\t)|Task timed out after|Runtime exited with error")
_MARKS = '?"START RequestId: " ?"REPORT RequestId: " ?"[ERROR]" ?"Task timed out" ?"Runtime exited"'
"""A filter of CloudWatch Logs: a line that holds any of these."""
WINDOWS = (900, 3 * 3600, 24 * 3600)
"""Seconds back that are searched, one after the other, until enough is found: a log is searched oldest first."""
FORGOTTEN = 14 * 24 * 3600
"""Seconds back that a single id is looked for."""
LONGEST = 900
"""Seconds that a call may take (Lambda quotas): one without an end after that has none."""
_ENDLESS = "its log has no end"


def recent_calls(aws: Aws, functions: Iterable[StandingFunction], most: int, now: float) -> list[Run]:
    """The calls of the last 24 hours, the newest first; no older ones when there are `most` newer."""
    asks = [functools.partial(group.recent, most) for group in _groups(aws, functions, now)]
    return sorted((run for found in aws.gather(asks) for run in found), key=lambda run: (-run.created, run.id))


def find_call(aws: Aws, functions: Iterable[StandingFunction], run_id: str, now: float) -> Run | None:
    """The call of an id, once its log shows: some seconds after it began."""
    found = (group.find(run_id) for group in _groups(aws, functions, now))
    return next((run for run in found if run is not None), None)


def find_line(aws: Aws, function: StandingFunction, run_id: str, since: float) -> Mapping[str, Any] | None:
    """The first line that names a call, with its stream; not before `since`, in seconds since 1970."""
    events = _Group(aws, function.log_group, (function,), 0.0).naming(run_id, since)
    return events[0] if events else None


def mark_of(text: str) -> tuple[str, str] | None:
    """START or REPORT and whose, of the first and the last line of a call."""
    found = _MARK.match(text)
    return (found[1], found[2]) if found else None


def _groups(aws: Aws, functions: Iterable[StandingFunction], now: float) -> list[_Group]:
    by_name: dict[str, list[StandingFunction]] = {}
    for function in functions:
        by_name.setdefault(function.log_group, []).append(function)
    return [_Group(aws, name, tuple(of), now) for name, of in by_name.items()]


@dataclass(frozen=True)
class _Group:
    """A log group, and the functions that write to it; `now` in seconds since 1970."""

    aws: Aws
    name: str
    functions: tuple[StandingFunction, ...]
    now: float

    def recent(self, most: int) -> list[Run]:
        """Search further back until there are enough."""
        events: list[Mapping[str, Any]] = []
        found: list[Run] = []
        end = self.now
        for seconds in WINDOWS:
            where = {"startTime": int((self.now - seconds) * 1000), "endTime": int(end * 1000)}
            events = [*self._search(_MARKS, **where), *events]
            found = self._calls(events)
            if len(found) >= most:
                break
            end = self.now - seconds
        return found

    def find(self, run_id: str) -> Run | None:
        """A call with what went wrong in it: lines of an error do not name their call, their place tells."""
        events = self.naming(run_id, self.now - FORGOTTEN)
        if not events:
            return None
        stream = events[-1]["logStreamName"]
        times = [event["timestamp"] for event in events if event["logStreamName"] == stream]
        where = {"logStreamNames": [stream], "startTime": min(times), "endTime": max(times) + 1}
        return next((run for run in self._calls(self._search(_MARKS, **where)) if run.id == run_id), None)

    def naming(self, run_id: str, since: float) -> list[Mapping[str, Any]]:
        """The lines of these functions that name a call."""
        events = self._search(f'"{run_id}"', startTime=max(0, int(since * 1000)))
        return [event for event in events if self._function(event) and run_id in event["message"]]

    def _search(self, pattern: str, **where: Any) -> list[Mapping[str, Any]]:
        if "logStreamNames" not in where:
            where["logStreamNamePrefix"] = _CENTURY
        ask = functools.partial(self.aws.pages, "logs", "filter_log_events", "events", absent=_ABSENT)
        found = patiently(functools.partial(ask, logGroupName=self.name, filterPattern=pattern, **where))
        return list(found or ())

    def _function(self, event: Mapping[str, Any]) -> StandingFunction | None:
        """Whose stream it is; a stream of a function's own group names nobody."""
        named = _STREAM.match(event["logStreamName"])
        if named is None:
            return None
        return next((each for each in self.functions if named[1] in {each.physical, ""}), None)

    def _calls(self, events: Iterable[Mapping[str, Any]]) -> list[Run]:
        """Put lines together: a stream is one environment, which has one call at a time."""
        open_ones: dict[str, Run] = {}
        done: dict[str, Run] = {}
        for event in sorted(events, key=lambda event: event["timestamp"]):
            stream, mark = event["logStreamName"], mark_of(event["message"])
            function = self._function(event)
            if function is None:
                continue
            if mark and mark[0] == "START":
                open_ones[stream] = done[mark[1]] = self._begun(function, mark[1], event)
            elif stream in open_ones and (mark is None or mark[1] == open_ones[stream].id):
                run = (_ended if mark else _troubled)(open_ones[stream], event)
                open_ones[stream] = done[run.id] = run
        return list(done.values())

    def _begun(self, function: StandingFunction, run_id: str, event: Mapping[str, Any]) -> Run:
        at = event["timestamp"] / 1000
        going = self.now - at <= LONGEST
        return Run(
            run_id,
            function.name,
            "RUNNING" if going else "FAILED",
            at,
            at,
            reason=None if going else _ENDLESS,
            log_group=self.name,
            streams=(event["logStreamName"],),
            kind="function",
            of=function.physical,
        )


def _troubled(run: Run, event: Mapping[str, Any]) -> Run:
    """An error is told while it runs; how it ended stands in its last line."""
    text = event["message"]
    return replace(run, reason=text.splitlines()[0].strip()) if _FAULT.search(text) else run


def _ended(run: Run, event: Mapping[str, Any]) -> Run:
    status = _STATUS.search(event["message"])
    reason = None if run.reason == _ENDLESS else run.reason
    if status and status[1] != "success":
        reason = reason or ": ".join(word for word in (status[1], status[2]) if word)
    return replace(run, state="FAILED" if reason else "SUCCEEDED", stopped=event["timestamp"] / 1000, reason=reason)
