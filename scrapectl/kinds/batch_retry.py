"""Words of the spec's `retry_on` ↔ the evaluateOnExit conditions of AWS Batch (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

# Fargate's own words for a reclaimed Spot task; "Host EC2*" is what an environment of instances says.
_NAMED = {
    "spot": ("onStatusReason", "Your Spot Task was interrupted*"),
    "pull": ("onReason", "CannotPullContainerError:*"),
    "memory": ("onReason", "OutOfMemory*"),
}
_WORDS = {condition: word for word, condition in _NAMED.items()}
_EXIT_CODE = "exit:"
# Without a last condition that matches everything Batch retries whatever no condition names.
_OTHERWISE = {"onReason": "*", "action": "EXIT"}


def conditions(retry_on: Sequence[str] | None) -> list[dict[str, str]]:
    """Spell `spot`, `pull`, `memory`, `exit:N`, `exit:1*` as conditions; None: no condition, any failure is retried."""
    if retry_on is None:
        return []
    return [*({**_condition(word), "action": "RETRY"} for word in retry_on), dict(_OTHERWISE)]


def _condition(word: str) -> dict[str, str]:
    if word.startswith(_EXIT_CODE):
        return {"onExitCode": word.removeprefix(_EXIT_CODE)}
    member, pattern = _NAMED[word]
    return {member: pattern}


def words(conditions: Iterable[Mapping[str, str]]) -> tuple[str, ...] | None:
    """Read conditions back; one that no word names (another hand's) is spelled out, so that it differs."""
    found = [{**entry, "action": entry.get("action", "").upper()} for entry in conditions]
    if not found:
        return None
    if found[-1] == _OTHERWISE:
        return tuple(_word(entry) for entry in found[:-1])
    return (*(_word(entry) for entry in found), "else RETRY")


def _word(entry: Mapping[str, str]) -> str:
    tests = [(member, pattern) for member, pattern in sorted(entry.items()) if member != "action"]
    if entry["action"] == "RETRY" and len(tests) == 1:
        ((member, pattern),) = tests
        if member == "onExitCode":
            return f"{_EXIT_CODE}{pattern}"
        if (member, pattern) in _WORDS:
            return _WORDS[member, pattern]
    return " ".join([entry["action"], *(f"{member}={pattern}" for member, pattern in tests)])
