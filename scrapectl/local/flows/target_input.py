"""Makes what a rule's target gets of an event: the whole, a part, a fixed text, or a template that was filled in."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from scrapectl.local.registry import Params

_PLACE = re.compile(r"<([A-Za-z0-9_.-]+)>")
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]")


def input_of(target: Params, event: Params, rule: str) -> str:
    """Return the text that a target gets.

    Args:
        target: As PutTargets took it, with `Input`, `InputPath` or `InputTransformer`, or none of them.
        event: The event.
        rule: The rule's ARN, for templates.
    """
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        return json.dumps(_at(event, target["InputPath"]))
    transformer = target.get("InputTransformer")
    if transformer:
        found = {name: _at(event, path) for name, path in (transformer.get("InputPathsMap") or {}).items()}
        return _filled(transformer["InputTemplate"], found | _reserved(event, rule))
    return json.dumps(event)


def _reserved(event: Params, rule: str) -> dict[str, Any]:
    return {
        "aws.events.rule-arn": rule,
        "aws.events.rule-name": rule.rsplit("/", 1)[-1],
        "aws.events.event.ingestion-time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws.events.event": {key: value for key, value in event.items() if key != "detail"},
        "aws.events.event.json": event,
    }


def _at(event: Any, path: str) -> Any:
    """The value at a path such as `$.detail.jobs[0]`; None when there is none."""
    value = event
    for name, index in _STEP.findall(path):
        if name:
            value = value.get(name) if isinstance(value, dict) else None
        else:
            value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else None
    return value


def _filled(template: str, values: dict[str, Any]) -> str:
    """Fill a template in: inside a JSON text a place gets the bare value, elsewhere a whole JSON value.

    A path that finds nothing leaves nothing in a text (EventBridge User Guide, "Input transformation").
    """

    def value(found: re.Match[str]) -> str:
        told = values.get(found[1])
        if not _inside_text(template, found.start()):
            return json.dumps(told)
        if told is None:
            return ""
        return json.dumps(told)[1:-1] if isinstance(told, str) else json.dumps(json.dumps(told))[1:-1]

    return _PLACE.sub(value, template)


def _inside_text(template: str, position: int) -> bool:
    return len(re.findall(r'(?<!\\)"', template[:position])) % 2 == 1
