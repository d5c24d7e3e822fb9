"""The failure path of a machine or a branch: every failed step says its name, somebody is told once, the run fails."""

from __future__ import annotations

from typing import Any

from scrapectl.blueprint.workflow.given import Given
from scrapectl.blueprint.workflow.tasks import State, publish
from scrapectl.blueprint.workflow.texts import RUN
from scrapectl.engine.values import Text

CAUGHT = "$.failure"
# SNS, "Publish": a subject is ASCII, less than 100 characters.
_SUBJECT = 99
_ERROR, _CAUSE = "$.failure.of.Error", "$.failure.of.Cause"
# The cause of a job is all of its description, with the values of its variables. It is cut where it is longer than
# 32768 characters (Step Functions API, HistoryEvent), and is no JSON then.
_JOB = '{*"JobId":*'
_VALUES = '{*"Environment":*'
_UNSAID = "what came of its job is too long to be told here"
_UNREAD = {"JobId": "", "StatusReason": "Batch gave no reason", "Container": {}}


def catch(name: str) -> list[State]:
    """Send whatever goes wrong in a step to the state that says its name."""
    return [{"ErrorEquals": ["States.ALL"], "ResultPath": CAUGHT, "Next": said(name)}]


def said(name: str) -> str:
    """The state that says which step failed."""
    return f"{name}: failed"


def say(name: str, path: str) -> State:
    """Say which step failed, and begin the failure path; an error may come without a cause, so a blank lies ready."""
    known = {"step": name, "blank": {"Error": "", "Cause": ""}, "caught.$": CAUGHT}
    return {"Type": "Pass", "Parameters": known, "ResultPath": CAUGHT, "Next": path}


def of_branch(prefix: str) -> dict[str, State]:
    """The path of a branch: it ends in the failure of its Parallel, which catches it and tells."""
    error = "States.Format('{}: {}', $.failure.step, $.failure.of.Error)"
    return {
        f"{prefix}failed": _whole(f"{prefix}fail"),
        f"{prefix}fail": {"Type": "Fail", "ErrorPath": error, "CausePath": _CAUSE},
    }


def of_machine(what: str, given: Given) -> dict[str, State]:
    """The path of a machine: the topic is told when there is one, and a message that cannot be sent changes nothing."""
    fail = {"Type": "Fail", "ErrorPath": _ERROR, "CausePath": _CAUSE}
    if given.topic is None:
        return {"failed": _whole("fail"), "fail": fail}
    words, message = _message(what, given)
    untold = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.untold", "Next": "fail"}]
    subject = f"{given.pipeline}: the {what} failed"[:_SUBJECT]
    tell = {**publish(given, subject, message), "Catch": untold, "Next": "fail"}
    if not given.jobs:
        return {"failed": _whole("tell", words=words), "tell": tell, "fail": fail}
    failed = _whole("cause", words=words, unread=_UNREAD)
    return {"failed": failed, **_of_jobs(given), "tell": tell, "fail": fail}


def _of_jobs(given: Given) -> dict[str, State]:
    """Say in a line what came of a job, before it is told."""
    rules = [
        *_told_already(given),
        {"Variable": _CAUSE, "StringMatches": _JOB + "}", "Next": "job"},
        {"Variable": _CAUSE, "StringMatches": _VALUES, "Next": "unsaid"},
    ]
    unsaid = {"Error.$": _ERROR, "Cause": _UNSAID}
    return {
        "cause": {"Type": "Choice", "Choices": rules, "Default": "tell"},
        "job": _read_job(),
        "unsaid": {"Type": "Pass", "Parameters": unsaid, "ResultPath": "$.failure.of", "Next": "tell"},
    }


def _read_job() -> State:
    """Keep of a job's description its id, exit code and reason; a Pass catches nothing, what is around it does."""
    read = {
        "job.$": f"States.JsonMerge($.failure.unread, States.StringToJson({_CAUSE}), false)",
        "Error.$": _ERROR,
        "end": {"ExitCode": "unknown"},
    }
    end = {"job.$": "$.job", "Error.$": "$.Error", "end.$": "States.JsonMerge($.end, $.job.Container, false)"}
    line = "States.Format('job {}: exit code {}: {}', $.job.JobId, $.end.ExitCode, $.job.StatusReason)"
    states = {
        "job: read": {"Type": "Pass", "Parameters": read, "Next": "job: end"},
        "job: end": {"Type": "Pass", "Parameters": end, "Next": "job: said"},
        "job: said": {"Type": "Pass", "Parameters": {"Error.$": "$.Error", "Cause.$": line}, "End": True},
    }
    return {
        "Type": "Parallel",
        "Branches": [{"StartAt": "job: read", "States": states}],
        "ResultSelector": {"Error.$": "$[0].Error", "Cause.$": "$[0].Cause"},
        "ResultPath": "$.failure.of",
        "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.unread", "Next": "unsaid"}],
        "Next": "tell",
    }


def _told_already(given: Given) -> list[State]:
    """Find jobs that ran and failed, whose failure the topic hears of by itself: the cause is then the job as it is.

    What kept a job from being submitted has another cause, and so has a job that the machine no longer waited for.
    """
    definitions = [job.definition for _, job in sorted(given.jobs.items()) if job.told]
    ran = {"Variable": _CAUSE, "StringMatches": _JOB}
    return [{"And": [ran, {"Variable": _CAUSE, "StringMatches": _around(arn)}], "Next": "fail"} for arn in definitions]


def _around(arn: Any) -> Any:
    """Match a cause that names any revision of a job definition."""
    return Text(('*"JobDefinition":"', arn, ":*"))


def _whole(then: str, **more: Any) -> State:
    """Put error and cause where they are looked for, both always there."""
    known = {"step.$": "$.failure.step", "of.$": "States.JsonMerge($.failure.blank, $.failure.caught, false)", **more}
    return {"Type": "Pass", "Parameters": known, "ResultPath": CAUGHT, "Next": then}


def _message(what: str, given: Given) -> tuple[dict[str, str], str]:
    """Give the words of a message, and the function that puts them together with what is known of the run.

    The words are data, not text of the function: a text of a function takes no line breaks.
    """
    parts = [f"The {what} of {given.pipeline} failed.\n\nRun: ", f" {RUN}", "\nStep: ", " $.failure.step"]
    parts += ["\nError: ", f" {_ERROR}", "\nCause: ", f" {_CAUSE}", "\n"]
    for command in given.commands:
        before, _, after = command.partition("{run}")
        parts += [f"\n  {before}", *([f" {RUN}", after] if "{run}" in command else [])]
    words: dict[str, str] = {}
    arguments = []
    for part in parts:
        if part.startswith(" $"):
            arguments.append(part.strip())
        elif part:
            words[f"w{len(words)}"] = part
            arguments.append(f"$.failure.words.w{len(words) - 1}")
    return words, f"States.Format('{'{}' * len(arguments)}', {', '.join(arguments)})"
