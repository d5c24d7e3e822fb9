"""A state machine in the Amazon States Language, ours or the user's own → a Mermaid state diagram."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_SIGNS = {
    "Equals": "=",
    "LessThan": "<",
    "GreaterThan": ">",
    "LessThanEquals": "≤",
    "GreaterThanEquals": "≥",
    "Matches": "like",
}


def mermaid(machine: Mapping[str, Any]) -> str:
    """Draw a machine; its states carry their names, its Catches are dotted by a word.

    Args:
        machine: The document as plain values.

    Returns:
        The text of a diagram, which ends in a line break.
    """
    lines = ["stateDiagram-v2"]
    lines += _Drawing().scope(machine, "    ")
    return "\n".join(lines) + "\n"


class _Drawing:
    """Numbers states in the order they are met, because Mermaid takes no blanks in what it calls by name."""

    def __init__(self) -> None:
        self._count = 0

    def scope(self, scope: Mapping[str, Any], indent: str) -> Iterator[str]:
        """Draw the states of a machine, a branch or a map."""
        states: Mapping[str, Any] = scope.get("States", {})
        ids = {}
        for name in states:
            self._count += 1
            ids[name] = f"s{self._count}"
        for name, state in states.items():
            yield from self._state(name, state, ids[name], indent)
        yield f"{indent}[*] --> {ids.get(str(scope.get('StartAt')), '[*]')}"
        for name, state in states.items():
            for target, why in _ways(state):
                if target is None:
                    yield f"{indent}{ids[name]} --> [*]"
                elif target in ids:
                    yield f"{indent}{ids[name]} --> {ids[target]}{f' : {_said(why)}' if why else ''}"

    def _state(self, name: str, state: Mapping[str, Any], key: str, indent: str) -> Iterator[str]:
        inner = [*state.get("Branches", ())]
        inner += [state[word] for word in ("ItemProcessor", "Iterator") if word in state]
        yield f'{indent}state "{_named(name)}" as {key}'
        if not inner:
            return
        yield f"{indent}state {key} {{"
        for number, scope in enumerate(inner):
            if number:
                yield f"{indent}    --"
            yield from self.scope(scope, indent + "    ")
        yield f"{indent}}}"


def _ways(state: Mapping[str, Any]) -> Iterator[tuple[str | None, str]]:
    """Yield where a state goes, and when; None is the end."""
    for rule in state.get("Choices", ()):
        yield rule.get("Next"), _condition(rule)
    if "Default" in state:
        yield state["Default"], "else"
    if "Next" in state:
        yield state["Next"], ""
    for catcher in state.get("Catch", ()):
        yield catcher.get("Next"), "failed"
    if state.get("End") is True or state.get("Type") in {"Succeed", "Fail"}:
        yield None, ""


def _condition(rule: Mapping[str, Any]) -> str:
    """Say what a rule asks, in a few words: `Status = ERROR`."""
    if "Condition" in rule:
        return str(rule["Condition"])
    for joint in ("And", "Or"):
        if joint in rule:
            return f" {joint.lower()} ".join(_condition(test) for test in rule[joint])
    if "Not" in rule:
        return f"not {_condition(rule['Not'])}"
    variable = str(rule.get("Variable", "")).rpartition(".")[2]
    for key, value in rule.items():
        if key.startswith("Is"):
            return f"{variable} is {'' if value else 'not '}{key[2:].lower()}"
        if key not in {"Variable", "Next", "Comment", "Assign"}:
            return f"{variable} {_sign(key)} {value}"
    return variable


def _sign(comparison: str) -> str:
    """`NumericGreaterThanEquals` is ≥."""
    kind = next((kind for kind in ("String", "Numeric", "Boolean", "Timestamp") if comparison.startswith(kind)), "")
    return _SIGNS.get(comparison.removeprefix(kind).removesuffix("Path"), comparison)


def _named(text: str) -> str:
    """Leave out what would end a name in quotes, or be read as the code of a character."""
    return _without('"\n\r;#', text)


def _said(text: str) -> str:
    """Leave out what would end the words beside an arrow."""
    return _without('"\n\r;#:{}<>', text)


def _without(characters: str, text: str) -> str:
    kept = "".join(" " if char in characters or not char.isprintable() else char for char in text)
    return " ".join(kept.split())
