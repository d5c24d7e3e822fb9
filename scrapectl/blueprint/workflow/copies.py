"""Copy steps → states that start a DataSync task, ask until it is done, and never wait on a failure.

DataSync has no `.sync` (AWS-FACTS §10), runs one execution of a task at a time and queues the others (§15).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from scrapectl.blueprint.workflow.failure import CAUGHT, catch, said, say
from scrapectl.blueprint.workflow.given import Given
from scrapectl.blueprint.workflow.naming import slot
from scrapectl.blueprint.workflow.tasks import CALL_SECONDS, State, retry
from scrapectl.blueprint.workflow.texts import field
from scrapectl.spec.model import BucketPlace, CopyStep, ParallelStep, Step, Template, Text

FIRST_WAIT, LONGEST_WAIT = 10, 60
# A history holds 25 000 events (AWS-FACTS §10), and one round of asking is eleven: a task's five, and two for each of
# Choice, Pass and Wait.
_MOST_ROUNDS = 20_000 // 11
# A task that cannot take another execution now answers with the same error as one that is gone (AWS-FACTS §15): it is
# tried about every half a minute, for half of the copy's time, and not for ever.
_MOST_TRIES = 480
_SERVICE = ("DataSync.InternalException", "DataSync.DataSyncException", "DataSync.SdkClientException")


def copies_of(steps: Iterable[Step]) -> tuple[CopyStep, ...]:
    """List the copies of a workflow, those in branches where they stand: the n-th has the n-th DataSync task."""
    return tuple(step for step in each_step(steps) if isinstance(step, CopyStep))


def each_step(steps: Iterable[Step]) -> Iterator[Step]:
    """Go through steps, with those in branches where they stand."""
    for step in steps:
        yield step
        if isinstance(step, ParallelStep):
            for branch in step.branches:
                yield from each_step(branch)


def copies_uploads(step: CopyStep, uploads: Iterable[BucketPlace]) -> bool:
    """Whether a copy takes the uploaded object alone: it copies out of a place that the upload may be in."""
    source = step.source
    if step.only is not None or not isinstance(source, BucketPlace):
        return False
    folder = folder_of(source)
    return any(
        place.bucket == source.bucket and (place.prefix.startswith(folder) or folder.startswith(place.prefix))
        for place in uploads
    )


def upload_prefixes(steps: Iterable[Step], place: BucketPlace) -> tuple[str, ...]:
    """List the prefixes of a bucket that copies take an upload out of: what the starter fills `copies` with."""
    found = {folder_of(step.source) for step in copies_of(steps) if copies_uploads(step, (place,))}
    return tuple(sorted(found))


def looked_at(steps: Iterable[Step], uploads: Iterable[BucketPlace]) -> tuple[BucketPlace, ...]:
    """List the places of uploads whose objects the machine looks for (`s3:headObject`): its role reads them."""
    copies = copies_of(steps)
    found = {place for place in uploads if any(copies_uploads(step, (place,)) for step in copies)}
    return tuple(sorted(found, key=str))


def folder_of(place: Any) -> str:
    """The prefix of a bucket as DataSync reads it: a folder, "" for the whole bucket."""
    prefix = place.prefix.strip("/")
    return f"{prefix}/" if prefix else ""


def rounds_within(seconds: int, copies: int) -> int:
    """How often a copy is asked for, so that it ends within some seconds and its rounds fit into a history."""
    rounds = waited = 0
    wait = FIRST_WAIT
    while waited + wait <= seconds and rounds < _MOST_ROUNDS // max(copies, 1):
        waited += wait
        rounds += 1
        wait = min(wait + FIRST_WAIT, LONGEST_WAIT)
    return max(rounds, 1)


class CopyStates:
    """The states of one copy."""

    def __init__(self, step: CopyStep, name: str, task: Any, given: Given, rounds: int) -> None:
        self.step = step
        self.name = name
        self.task = task
        self.given = given
        self.rounds = rounds
        self.data = f"$.steps.{slot(name)}"

    def states(self, after: str, failed: str) -> dict[str, State]:
        """All of them; `after` is where a good end goes, `failed` where the failure path begins."""
        found = dict(self._starts())
        found[self._n("ask")] = self._ask()
        found[self._n("check")] = self._check(after)
        found[self._n("slower")] = self._count(f"States.MathAdd({self.data}.wait, {FIRST_WAIT})")
        found[self._n("again")] = self._count(f"{self.data}.wait")
        found[self._n("wait")] = {"Type": "Wait", "SecondsPath": f"{self.data}.wait", "Next": self._n("ask")}
        answer = f"States.JsonToString({self.data}.now)"
        found[self._n("error")] = self._fault({"Error": "DataSync.ERROR", "Cause.$": answer})
        late = f"The copy was not done after asking {self.rounds} times."
        found[self._n("late")] = self._fault({"Error": "DataSync.TooLate", "Cause": late})
        found[said(self.name)] = say(self.name, failed)
        return found

    def _n(self, what: str) -> str:
        return f"{self.name}: {what}"

    def _starts(self) -> Iterator[tuple[str, State]]:
        step, given = self.step, self.given
        if not copies_uploads(step, given.uploads):
            only = step.only
            yield self.name, self._start({} if only is None else _include(field("Value", _below(only), given)))
            return
        path = f"$.copies['{folder_of(step.source)}']"
        one = {"Variable": path, "IsPresent": True, "Next": self._n("look")}
        yield self.name, {"Type": "Choice", "Choices": [one], "Default": self._n("all")}
        yield self._n("look"), self._look()
        gone = "States.Format('s3://{}/{} is not there any more, or may not be read.', $.bucket, $.key)"
        yield self._n("gone"), self._fault({"Error": "S3.NoSuchKey", "Cause.$": gone})
        yield self._n("one"), self._start(_include({"Value.$": path}))
        yield self._n("all"), self._start({})

    def _look(self) -> State:
        """DataSync copies nothing, and says so to nobody, when the object is gone by now.

        S3 says 404 of it to those who may list the whole bucket, else 403 (S3, "HeadObject", permissions).
        """
        gone = {
            "ErrorEquals": ["S3.NoSuchKeyException", "S3.S3Exception"],
            "ResultPath": CAUGHT,
            "Next": self._n("gone"),
        }
        return {
            "Type": "Task",
            "Resource": self.given.arn("aws-sdk:s3:headObject"),
            "Parameters": {"Bucket.$": "$.bucket", "Key.$": "$.key"},
            "ResultPath": None,
            "TimeoutSeconds": CALL_SECONDS,
            "Retry": [retry("S3.S3Exception", "S3.SdkClientException", attempts=3)],
            "Catch": [gone, *catch(self.name)],
            "Next": self._n("one"),
        }

    def _start(self, includes: State) -> State:
        busy = retry("DataSync.InvalidRequestException", first=30, attempts=min(self.rounds, _MOST_TRIES), most=60)
        return {
            "Type": "Task",
            "Resource": self.given.arn("aws-sdk:datasync:startTaskExecution"),
            "Parameters": {"TaskArn": self.task, **includes},
            "ResultSelector": {"execution.$": "$.TaskExecutionArn", "wait": 0, "asked": 0},
            "ResultPath": self.data,
            "TimeoutSeconds": CALL_SECONDS,
            "Retry": [retry(*_SERVICE), busy],
            "Catch": catch(self.name),
            "Next": self._n("ask"),
        }

    def _ask(self) -> State:
        """The whole answer is kept, until the next one: it is small, and the failure path shows it."""
        return {
            "Type": "Task",
            "Resource": self.given.arn("aws-sdk:datasync:describeTaskExecution"),
            "Parameters": {"TaskExecutionArn.$": f"{self.data}.execution"},
            "ResultPath": f"{self.data}.now",
            "TimeoutSeconds": CALL_SECONDS,
            "Retry": [retry("States.TaskFailed", "States.Timeout")],  # it only reads
            "Catch": catch(self.name),
            "Next": self._n("check"),
        }

    def _check(self, after: str) -> State:
        """Failure is looked for first, then success; only then the time is counted."""
        status = f"{self.data}.now.Status"
        choices = [
            {"Variable": status, "StringEquals": "ERROR", "Next": self._n("error")},
            {"Variable": status, "StringEquals": "SUCCESS", "Next": after},
            {"Variable": f"{self.data}.asked", "NumericGreaterThanEquals": self.rounds, "Next": self._n("late")},
            {"Variable": f"{self.data}.wait", "NumericLessThan": LONGEST_WAIT, "Next": self._n("slower")},
        ]
        return {"Type": "Choice", "Choices": choices, "Default": self._n("again")}

    def _count(self, wait: str) -> State:
        kept = {
            "execution.$": f"{self.data}.execution",
            "wait.$": wait,
            "asked.$": f"States.MathAdd({self.data}.asked, 1)",
        }
        return {"Type": "Pass", "Parameters": kept, "ResultPath": self.data, "Next": self._n("wait")}

    def _fault(self, fault: State) -> State:
        return {"Type": "Pass", "Parameters": fault, "ResultPath": CAUGHT, "Next": said(self.name)}


def _include(value: State) -> State:
    return {"Includes": [{"FilterType": "SIMPLE_PATTERN", **value}]}


def _below(only: Text) -> Text:
    r"""A folder or object below the source as DataSync's filters name it: `/name`, with `\`, `*` and `|` escaped."""
    parts = only.parts if isinstance(only, Template) else (only,)
    plain = [re.sub(r"([\\*|])", r"\\\1", part) if isinstance(part, str) else part for part in parts]
    first = plain[0]
    plain = [f"/{first.lstrip('/')}", *plain[1:]] if isinstance(first, str) else ["/", *plain]
    last = plain[-1]
    plain[-1] = last.rstrip("/") if isinstance(last, str) else last
    return Template(tuple(plain)) if isinstance(only, Template) else str(plain[0])
