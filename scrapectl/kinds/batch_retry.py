"""Words of the spec's `retry_on` ↔ the evaluateOnExit conditions of AWS Batch (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

# What Batch says of a job whose Spot capacity was taken back: a task's on Fargate, a whole instance's on EC2.
_SPOT = {"FARGATE": "Your Spot Task was interrupted*", "EC2": "Host EC2*"}
_NAMED = {
    "pull": ("onReason", "CannotPullContainerError:*"),
    "memory": ("onReason", "OutOfMemory*"),
}
_EXIT_CODE = "exit:"
# Without a last condition that matches everything Batch retries whatever no condition names.
_OTHERWISE = {"onReason": "*", "action": "EXIT"}


def conditions(retry_on: Sequence[str] | None, runs_on: str) -> list[dict[str, str]]:
    """Spell `spot`, `pull`, `memory`, `exit:N`, `exit:1*` as conditions; None: no condition, any failure is retried.

    Args:
        retry_on: The spec's words.
        runs_on: FARGATE or EC2, which have their own words for what is reclaimed.
    """
    if retry_on is None:
        return []
    return [*({**_condition(word, runs_on), "action": "RETRY"} for word in retry_on), dict(_OTHERWISE)]


def _named(runs_on: str) -> dict[str, tuple[str, str]]:
    return {"spot": ("onStatusReason", _SPOT[runs_on]), **_NAMED}


def _condition(word: str, runs_on: str) -> dict[str, str]:
    if word.startswith(_EXIT_CODE):
        return {"onExitCode": word.removeprefix(_EXIT_CODE)}
    member, pattern = _named(runs_on)[word]
    return {member: pattern}


def words(conditions: Iterable[Mapping[str, str]], runs_on: str) -> tuple[str, ...] | None:
    """Read conditions back; one that no word names (another hand's) is spelled out, so that it differs."""
    found = [{**entry, "action": entry.get("action", "").upper()} for entry in conditions]
    if not found:
        return None
    if found[-1] == _OTHERWISE:
        return tuple(_word(entry, runs_on) for entry in found[:-1])
    return (*(_word(entry, runs_on) for entry in found), "else RETRY")


def _word(entry: Mapping[str, str], runs_on: str) -> str:
    tests = [(member, pattern) for member, pattern in sorted(entry.items()) if member != "action"]
    if entry["action"] == "RETRY" and len(tests) == 1:
        ((member, pattern),) = tests
        if member == "onExitCode":
            return f"{_EXIT_CODE}{pattern}"
        for word, condition in _named(runs_on).items():
            if condition == (member, pattern):
                return word
    return " ".join([entry["action"], *(f"{member}={pattern}" for member, pattern in tests)])
