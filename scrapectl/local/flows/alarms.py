"""Evaluates alarms once a minute and carries out their actions, once for each change of their state.

A window ends with the last full minute, however long the period is (CloudWatch User Guide, "Alarm evaluation").
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scrapectl.local import moto_private
from scrapectl.local.flows.alarm_actions import Change, act_on
from scrapectl.local.flows.metrics import MINUTE, Metric, measure, minute_of
from scrapectl.local.registry import Call, Params
from scrapectl.local.registry import operation as answers

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

_COMPARE: dict[str, tuple[Callable[[Any, Any], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
_STATISTICS: dict[str, Callable[[list[float]], float]] = {
    "Maximum": max,
    "Minimum": min,
    "Sum": sum,
    "Average": lambda values: sum(values) / len(values),
    "SampleCount": lambda values: float(len(values)),
}
UNKNOWN = "INSUFFICIENT_DATA"


@dataclass
class Watch:
    """What was measured for a region's alarms, by alarm and minute, and the last minute that was judged."""

    measured: dict[str, dict[int, list[float]]] = field(default_factory=dict)
    judged: int = 0


def watch(cloud: Cloud) -> None:
    """Measure what every alarm looks at; after each full minute judge them."""
    with cloud.lock:
        found = list(_alarms(cloud))
    for region, alarms in found:
        with cloud.lock:
            kept, now = cloud.store(Watch, region), cloud.clock.now()
            for name, alarm in alarms.items():
                _measure(cloud, region, kept.measured.setdefault(name, {}), alarm)
            kept.measured = {name: values for name, values in kept.measured.items() if name in alarms}
            last = int(now // MINUTE) - 1
            due = last > kept.judged
            kept.judged = max(kept.judged, last)
            changes = [_judge(alarm, kept.measured[name], last) for name, alarm in alarms.items()] if due else []
        for change in changes:
            if change is not None:
                _change(cloud, region, change)


def _alarms(cloud: Cloud) -> Iterator[tuple[str, dict[str, Any]]]:
    for service, region in sorted(cloud.used):
        if service == "cloudwatch":
            backend: Any = moto_private.get_backend("cloudwatch")[cloud.account][region]
            simple = {name: alarm for name, alarm in backend.alarms.items() if _can_be_judged(alarm)}
            if simple:
                yield region, simple


def _can_be_judged(alarm: Any) -> bool:
    """Whether an alarm compares one metric with one figure: neither composite, nor an anomaly, nor an expression."""
    compares = alarm.comparison_operator in _COMPARE and alarm.threshold is not None
    return bool(alarm.metric_name and not alarm.rule and compares)


def _metric(alarm: Any) -> Metric:
    dimensions = tuple((dimension.name, dimension.value) for dimension in alarm.dimensions)
    return Metric(alarm.namespace, alarm.metric_name, dimensions)


def _measure(cloud: Cloud, region: str, measured: dict[int, list[float]], alarm: Any) -> None:
    minute = minute_of(cloud.clock.now())
    values = measure(cloud, region, _metric(alarm), minute)
    if values:
        measured[minute] = values
    oldest = minute - _minutes(alarm) * int(alarm.evaluation_periods) - 1
    for old in [at for at in measured if at < oldest]:
        del measured[old]


def _minutes(alarm: Any) -> int:
    return max(int(alarm.period) // MINUTE, 1)


def _judge(alarm: Any, measured: dict[int, list[float]], last: int) -> Change | None:
    """What an alarm's state changes to with what was measured up to a minute; None when it stays."""
    points = [_point(alarm, measured, last - at * _minutes(alarm)) for at in range(int(alarm.evaluation_periods))]
    state = _state(alarm, points)
    if state is None or state == alarm.state_value:
        return None
    return Change(alarm, alarm.state_value, state, _reason(alarm, points, state, last))


def _point(alarm: Any, measured: dict[int, list[float]], last: int) -> float | None:
    """The statistic over one period; None without data."""
    values = [value for at in range(last - _minutes(alarm) + 1, last + 1) for value in measured.get(at, [])]
    statistic = _STATISTICS.get(alarm.statistic or "")
    return statistic(values) if values and statistic else None


def _state(alarm: Any, points: list[float | None]) -> str | None:
    """The state that points mean; None for no change."""
    known = [point for point in points if point is not None]
    missing = alarm.treat_missing_data or "missing"
    if not known and missing in {"missing", "ignore"}:
        return UNKNOWN if missing == "missing" else None
    compare = _COMPARE[alarm.comparison_operator][0]
    bad = sum(compare(point, float(alarm.threshold)) for point in known)
    bad += len(points) - len(known) if missing == "breaching" else 0
    return "ALARM" if bad >= int(alarm.datapoints_to_alarm or alarm.evaluation_periods) else "OK"


def _reason(alarm: Any, points: list[float | None], state: str, last: int) -> str:
    """Why, in CloudWatch's words."""
    count = len(points)
    if all(point is None for point in points):
        what = "was unknown" if state == UNKNOWN else f"was treated as [{alarm.treat_missing_data}]"
        return f"{'Insufficient Data' if state == UNKNOWN else 'Threshold Crossed'}: {count} datapoint {what}."
    at = datetime.fromtimestamp(last * MINUTE, UTC).strftime("%d/%m/%y %H:%M:%S")
    values = ", ".join(str(point) for point in points if point is not None)
    verb = "was" if state == "ALARM" else "was not"
    words = _COMPARE[alarm.comparison_operator][1]
    change = f"{alarm.state_value} -> {state}"
    return (
        f"Threshold Crossed: {count} out of the last {count} datapoints [{values} ({at})] {verb} {words} "
        f"the threshold ({float(alarm.threshold)}) (minimum {count} datapoint for {change} transition)."
    )


def _change(cloud: Cloud, region: str, change: Change) -> None:
    """Note the new state, and carry out what is to be done in it."""
    with cloud.lock:
        change.alarm.update_state(change.reason, "{}", change.after)
        now = datetime.fromtimestamp(cloud.clock.now(), UTC)
        change.alarm.state_updated_timestamp = now.replace(tzinfo=None)
    act_on(cloud, region, change)


@answers("cloudwatch", "SetAlarmState")
def set_state(call: Call) -> Params:
    """Set an alarm's state by hand, until it is judged again; a change carries out its actions."""
    alarms: dict[str, Any] = moto_private.get_backend("cloudwatch")[call.account][call.region].alarms
    alarm = alarms.get(call.params["AlarmName"])
    before = alarm.state_value if alarm is not None else None
    result = call.moto()
    if alarm is not None and before != alarm.state_value:
        change = Change(alarm, str(before), alarm.state_value, call.params["StateReason"])
        act_on(call.cloud, call.region, change)
    return result
