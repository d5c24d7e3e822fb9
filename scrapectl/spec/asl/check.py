"""Finds what Step Functions would refuse in a state machine: its scopes, their targets, what is never reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapectl.spec.asl.choices import targets_of_choice
from scrapectl.spec.asl.faults import Fault, Faults, is_open
from scrapectl.spec.asl.states import check_state
from scrapectl.spec.asl.tables import BRANCH, ENDS, MACHINE, NUMBERS, TYPES
from scrapectl.spec.findings import did_you_mean, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapectl.spec.asl.faults import Object, Path

_LONGEST_NAME = 80


def check_machine(machine: Any, kind: str = "STANDARD") -> list[Fault]:
    """Check a whole state machine.

    Args:
        machine: The document as plain JSON values; a leaf of any other type is filled in later and taken as right.
        kind: "STANDARD" or "EXPRESS", which cannot wait for what it started.

    Returns:
        Every fault, in the order of the document; none when AWS would take it.
    """
    faults = Faults(kind)
    if not isinstance(machine, dict):
        faults.add((), "is no state machine.", "Write a map with StartAt and States.")
        return faults.found
    _unknown(machine, MACHINE, (), faults)
    if "Version" in machine and machine["Version"] != "1.0":
        faults.add(("Version",), f"{show(machine['Version'])} is no version of the language.", 'Write "1.0".')
    seconds = machine.get("TimeoutSeconds", 1)
    low, high = NUMBERS["TimeoutSeconds"]
    if not is_open(seconds) and (type(seconds) is not int or not low <= seconds <= high):
        faults.add(("TimeoutSeconds",), f"{show(seconds)} is no number of seconds.", f"Write {low} to {high}.")
    language = machine.get("QueryLanguage", "JSONPath")
    if language not in ("JSONPath", "JSONata"):
        faults.add(("QueryLanguage",), f"{show(language)} is no query language.", "Write JSONPath or JSONata.")
    _Scopes(faults).check(machine, (), jsonata=language == "JSONata")
    return faults.found


def _unknown(document: Object, known: frozenset[str], path: Path, faults: Faults) -> None:
    for key in document:
        if key not in known:
            faults.add((*path, key), f"unknown field {show(key)}.", did_you_mean(key, sorted(known)))


class _Scopes:
    """Checks the machine and, inside it, every branch and every map; a name stands once in all of them."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.names: dict[str, Path] = {}

    def check(self, scope: Object, path: Path, *, jsonata: bool) -> None:
        """Check one scope and those inside it."""
        states = scope.get("States")
        if not isinstance(states, dict) or not states:
            self.faults.add((*path, "States") if "States" in scope else path, "has no states.", "Write States: {…}.")
            return
        for name, state in states.items():
            self.state(name, state, (*path, "States", name), jsonata=jsonata)
        start = scope.get("StartAt")
        if start is None:
            self.faults.add(path, '"StartAt" is missing.', f"Write StartAt: {next(iter(states))}.")
        elif self.exists(start, states, (*path, "StartAt")):
            self.ways(states, str(start), path)

    def state(self, name: str, state: Any, path: Path, *, jsonata: bool) -> None:
        """Check one state, and the scopes inside it."""
        if not 0 < len(name) <= _LONGEST_NAME:
            message = f"the name has {len(name)} characters."
            self.faults.add(path, message, f"Write 1 to {_LONGEST_NAME}.")
        if name in self.names:
            self.faults.add(path, f"another state is called {show(name)}, too.", "Rename one.")
        self.names[name] = path
        if not isinstance(state, dict) or state.get("Type") not in TYPES:
            written = state.get("Type") if isinstance(state, dict) else None
            message = '"Type" is missing.' if written is None else f"there is no type of state {show(written)}."
            where = (*path, "Type") if written is not None else path
            self.faults.add(where, message, did_you_mean(str(written), TYPES) if written else "Write Type: Task.")
            return
        own = state.get("QueryLanguage")
        if own == "JSONPath" and jsonata:
            self.faults.add((*path, "QueryLanguage"), "the machine speaks JSONata.", "Leave it out in both, or in one.")
        jsonata = jsonata or own == "JSONata"
        check_state(state, path, self.faults, jsonata=jsonata)
        for inner, where in _inner(state, path):
            _unknown(inner, BRANCH, where, self.faults)
            self.check(inner, where, jsonata=jsonata and own is None)

    def ways(self, states: Object, start: str, path: Path) -> None:
        """Follow every way from the start: what is not met is never reached, and one must end."""
        met, left, whole = {start}, [start], True
        while left:
            name = left.pop()
            for where, target in _targets(states[name], (*path, "States", name)):
                if not self.exists(target, states, where):
                    whole = False  # what it should have led to cannot be known
                elif target not in met:
                    met.add(target)
                    left.append(target)
        for name in states if whole else ():
            if name not in met:
                hint = "Name it in a Next, or remove it."
                self.faults.add((*path, "States", name), f"{show(name)} is never reached.", hint)
        if whole and not any(_ends(states[name]) for name in met):
            self.faults.add(path or ("States",), "never ends.", "Write End: true in the last state.")

    def exists(self, target: Any, states: Object, where: Path) -> bool:
        """Tell of a target that does not exist."""
        if isinstance(target, str) and target in states:
            return True
        if not is_open(target):
            self.faults.add(where, f"there is no state {show(target)} here.", did_you_mean(str(target), states))
        return False


def _inner(state: Object, path: Path) -> Iterator[tuple[Object, Path]]:
    branches = state.get("Branches")
    for number, branch in enumerate(branches if isinstance(branches, list | tuple) else ()):
        if isinstance(branch, dict):
            yield branch, (*path, "Branches", number)
    for key in ("ItemProcessor", "Iterator"):
        if isinstance(state.get(key), dict):
            yield state[key], (*path, key)


def _targets(state: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Yield where a state may go, and where that is said."""
    if not isinstance(state, dict):
        return
    for key in ("Next", "Default"):
        if key in state:
            yield (*path, key), state[key]
    yield from targets_of_choice(state, path)
    catchers = state.get("Catch")
    for number, catcher in enumerate(catchers if isinstance(catchers, list | tuple) else ()):
        if isinstance(catcher, dict) and "Next" in catcher:
            yield (*path, "Catch", number, "Next"), catcher["Next"]


def _ends(state: Any) -> bool:
    return isinstance(state, dict) and (state.get("End") is True or state.get("Type") in ENDS)
