"""Takes events in and hands each to the targets of every rule it fits."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from scrapectl.local import moto_private
from scrapectl.local.flows.outbox import outbox_of
from scrapectl.local.flows.pattern import Pattern, fits, problem
from scrapectl.local.flows.targets import Delivery, deliver
from scrapectl.local.registry import Call, Params, Refusal, check, operation

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

MOST_BYTES = 1024 * 1024
"""Of all entries of a request together (botocore's model, PutEvents)."""

DEFAULT_BUS = "default"
_TIME_BYTES = 14
_REQUIRED = ("Source", "DetailType", "Detail")


def put_event(cloud: Cloud, region: str, make: Callable[[], Params], bus: str = DEFAULT_BUS) -> None:
    """Put an event on a bus; it is made only when some rule could take it.

    Args:
        cloud: Where.
        region: The bus's region.
        make: Returns the event as targets see it.
        bus: The bus's name.
    """
    with cloud.lock:
        rules = list(_rules(cloud, region, bus))
        if not rules:
            return
        event = make()
        for arn, pattern, targets in rules:
            if fits(pattern, event):
                for target in targets:
                    _hand_over(cloud, Delivery(region, arn, dict(target), event, cloud.clock.now()))


def _hand_over(cloud: Cloud, delivery: Delivery) -> None:
    outbox_of(cloud).add(lambda: deliver(cloud, delivery))


def new_event(cloud: Cloud, region: str, source: str, kind: str, detail: Params) -> Params:
    """An event as EventBridge hands it on, of this moment and without resources."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": kind,
        "source": source,
        "account": cloud.account,
        "time": datetime.fromtimestamp(cloud.clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [],
        "detail": detail,
    }


def _rules(cloud: Cloud, region: str, bus: str) -> Iterator[tuple[str, Pattern, list[Params]]]:
    """Every rule that may take events: ARN, pattern, targets.

    Straight from moto's backend: an array of ten thousand jobs asks fifty thousand times.
    """
    if ("events", region) not in cloud.used:
        return
    backend: Any = moto_private.get_backend("events")[cloud.account][region]
    if bus not in backend.event_buses:
        return
    for rule in backend.event_buses[bus].rules.values():
        pattern = rule.event_pattern.get_pattern()
        if rule.state.startswith("ENABLED") and pattern and rule.targets:
            yield rule.arn, pattern, rule.targets


@operation("events", "PutEvents")
def put_events(call: Call) -> Params:
    """Take events in; each entry is answered for itself."""
    entries = call.params["Entries"]
    if not 1 <= len(entries) <= 10:  # noqa: PLR2004 - AWS's bound
        text = "Value at 'entries' failed to satisfy constraint: Member must have length less than or equal to 10"
        raise Refusal("ValidationException", f"1 validation error detected: {text}", 400)
    if sum(_size(entry) for entry in entries) >= MOST_BYTES:
        raise Refusal("ValidationException", "Total size of the entries in the request is over the limit.", 400)
    answers = [_put_entry(call, entry) for entry in entries]
    return {"FailedEntryCount": sum("ErrorCode" in answer for answer in answers), "Entries": answers}


def _size(entry: Params) -> int:
    """An entry's size (EventBridge User Guide, "Calculating PutEvents event entry size")."""
    texts = [entry.get(name) or "" for name in _REQUIRED] + (entry.get("Resources") or [])
    return sum(len(text.encode()) for text in texts) + (_TIME_BYTES if entry.get("Time") else 0)


def _put_entry(call: Call, entry: Params) -> Params:
    for name in _REQUIRED:
        if not entry.get(name):
            reason = f"Parameter {name} is not valid. Reason: {name} is a required argument."
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": reason}
    if entry["Source"].startswith("aws."):
        return {"ErrorCode": "NotAuthorizedForSourceException", "ErrorMessage": "Not authorized for the source."}
    try:
        detail = json.loads(entry["Detail"])
    except ValueError:
        detail = None
    if not isinstance(detail, dict):
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    event = new_event(call.cloud, call.region, entry["Source"], entry["DetailType"], detail)
    event["resources"] = entry.get("Resources") or []
    if entry.get("Time"):
        event["time"] = entry["Time"].strftime("%Y-%m-%dT%H:%M:%SZ")
    bus = str(entry.get("EventBusName") or DEFAULT_BUS).rsplit("/", 1)[-1]
    put_event(call.cloud, call.region, lambda: event, bus)
    return {"EventId": event["id"]}


@lru_cache(maxsize=1024)
def _pattern_problem(text: str) -> str | None:
    try:
        return problem(json.loads(text))
    except ValueError:
        return "Filter is not valid JSON"


@check("events", "PutRule")
@check("events", "TestEventPattern")
def check_pattern(call: Call) -> None:
    """Refuse a pattern that AWS refuses."""
    text = call.params.get("EventPattern")
    found = _pattern_problem(text) if text else None
    if found:
        raise Refusal("InvalidEventPatternException", f"Event pattern is not valid. Reason: {found}", 400)


@operation("events", "TestEventPattern")
def test_pattern(call: Call) -> Params:
    """Tell whether an event would fit a pattern."""
    return {"Result": fits(json.loads(call.params["EventPattern"]), json.loads(call.params["Event"]))}
