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
        f"{prefix}fail": {"Type": "Fail", "ErrorPath": error, "CausePath": "$.failure.of.Cause"},
    }


def of_machine(what: str, given: Given) -> dict[str, State]:
    """The path of a machine: the topic is told when there is one, and a message that cannot be sent changes nothing."""
    fail = {"Type": "Fail", "ErrorPath": "$.failure.of.Error", "CausePath": "$.failure.of.Cause"}
    if given.topic is None:
        return {"failed": _whole("fail"), "fail": fail}
    words, message = _message(what, given)
    untold = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.untold", "Next": "fail"}]
    subject = f"{given.pipeline}: the {what} failed"[:_SUBJECT]
    tell = {**publish(given, subject, message), "Catch": untold, "Next": "fail"}
    told = _told_already(given)
    path = {"failed": _whole("told" if told else "tell", words=words), "tell": tell, "fail": fail}
    return {**path, "told": {"Type": "Choice", "Choices": told, "Default": "tell"}} if told else path


def _told_already(given: Given) -> list[State]:
    """Find jobs that ran and failed, whose failure the topic hears of by itself: the cause is then the job as it is.

    What kept a job from being submitted has another cause, and so has a job that the machine no longer waited for.
    """
    definitions = [job.definition for _, job in sorted(given.jobs.items()) if job.told]
    ran = {"Variable": "$.failure.of.Cause", "StringMatches": '{*"JobId":*'}
    return [
        {"And": [ran, {"Variable": "$.failure.of.Cause", "StringMatches": _around(arn)}], "Next": "fail"}
        for arn in definitions
    ]


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
    parts += ["\nError: ", " $.failure.of.Error", "\nCause: ", " $.failure.of.Cause", "\n"]
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
