"""Functions that stand → requests that call them, and the answer of a call that was waited for."""

from __future__ import annotations

import base64
import functools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from scrapectl.errors import UsageError
from scrapectl.operate.clock import Clock
from scrapectl.operate.jobs import LOAD
from scrapectl.operate.overrides import Overrides
from scrapectl.operate.patience import patiently
from scrapectl.operate.run import Run
from scrapectl.operate.tagged import Found

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws
    from scrapectl.operate.runnable import Runnable

RETRY = "RETRY"
"""The variable that tells a loader what to load again."""
_NAMED = re.compile(r"^(?:START|END|REPORT) RequestId: (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class StandingFunction:
    """A function as AWS has it; `timeout` in seconds; `loads` says that it is a loader, `receives` that of messages."""

    name: str
    physical: str
    log_group: str
    timeout: int = 3
    loads: bool = False
    receives: bool = False

    kind: ClassVar[str] = "function"


def standing_functions(found: Iterable[Found]) -> dict[str, StandingFunction]:
    """The functions of the spec by their names; the starter and the notifier are none."""
    return {each.key: _standing(each.key, each.entry) for each in found if "_" not in each.key}


def invocation(function: StandingFunction, overrides: Overrides) -> dict[str, Any]:
    """The Invoke request of a run: the variables are the event's `environment`.

    Raises:
        UsageError: An override that only jobs have, or a loader of messages, which nothing but messages start.
    """
    refuse_for_jobs(function, overrides)
    if function.receives and RETRY not in overrides.environment:
        message = f"{function.name} loads messages, by itself, as they come: there is nothing to start."
        raise UsageError(message, f"Send a message; of dead letters, write: scrapectl load retry {function.name}")
    event = {"environment": dict(overrides.environment)} if overrides.environment else {}
    return {"FunctionName": function.physical, "InvocationType": "Event", "Payload": json.dumps(event)}


def refuse_for_jobs(thing: Runnable, overrides: Overrides) -> None:
    """Let only variables be overridden.

    Raises:
        UsageError: Something else is.
    """
    given = {
        "--array": overrides.array,
        "--share": overrides.share,
        "--vcpus": overrides.vcpus,
        "--memory": overrides.memory,
        "--command": overrides.command,
    }
    for word, value in given.items():
        if value:
            raise UsageError(f"{word} is for jobs; {thing.name} is a {thing.kind}.", "It takes --env and --env-file.")


def send(aws: Aws, function: StandingFunction, request: Mapping[str, Any], clock: Clock) -> Run:
    """Hand the event over; nobody waits. A run's id is that of the request, which its log names."""
    answer = _invoke(aws, request)
    return Run(str(answer.get("RequestId", "")), function.name, "SUBMITTED", clock.now(), **_where(function))


def call(aws: Aws, function: StandingFunction, request: Mapping[str, Any], clock: Clock) -> Run:
    """Call it and wait for its answer: an ended run, with its log when that fits into the answer (4 KB)."""
    created = clock.now()
    answer = _invoke(aws, {**request, "InvocationType": "RequestResponse", "LogType": "Tail"})
    said = base64.b64decode(answer.get("LogResult") or "").decode("utf-8", "replace")
    ids = _NAMED.findall(said)
    failed = bool(answer.get("FunctionError"))
    text = answer["Payload"].read().decode("utf-8", "replace")
    return Run(
        ids[-1] if ids else str(answer.get("RequestId", "")),
        function.name,
        "FAILED" if failed else "SUCCEEDED",
        created,
        created,
        clock.now(),
        reason=why(text) if failed else None,
        answer=None if failed else text,
        said=tuple(said.splitlines()) if said.startswith("START ") else (),
        **_where(function),
    )


def why(text: str) -> str:
    """`ValueError: no zip` of the JSON that a function which failed answers."""
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        return text
    return ": ".join(str(told[key]) for key in ("errorType", "errorMessage") if told.get(key))


def _invoke(aws: Aws, request: Mapping[str, Any]) -> Any:
    """A lost answer is not repeated blindly: that would be a second run."""
    return patiently(functools.partial(aws.call, "lambda", "invoke", blind_retry=False, **request))


def _where(function: StandingFunction) -> dict[str, Any]:
    return {"log_group": function.log_group, "kind": "function", "of": function.physical}


def _standing(name: str, entry: Mapping[str, Any]) -> StandingFunction:
    physical = entry["FunctionName"]
    group = (entry.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{physical}"
    told = ((entry.get("Environment") or {}).get("Variables") or {}).get(LOAD)
    return StandingFunction(name, physical, group, entry.get("Timeout", 3), told is not None, _receives(told))


def _receives(told: str | None) -> bool:
    """Whether a loader, by what it is told, reads a queue."""
    try:
        return "queue" in json.loads(told or "{}")["source"]
    except (ValueError, TypeError, KeyError):
        return False
