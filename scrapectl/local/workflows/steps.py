"""One state that was entered: what its fields say of its data, in JSONPath or in JSONata."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scrapectl.local.workflows import jsonata
from scrapectl.local.workflows.branch import Branch, Steps
from scrapectl.local.workflows.choices import next_of
from scrapectl.local.workflows.failure import RUNTIME, StateFailure
from scrapectl.local.workflows.payloads import Scene


@dataclass
class Step:
    """A state in JSONPath.

    Attributes:
        entered: Id of the event.
        data: Its input, before InputPath.
        context: The context object.
        run_inner: Runs the states inside it: a branch's, an item's.
    """

    branch: Branch
    name: str
    state: dict[str, Any]
    entered: int
    data: Any
    context: dict[str, Any]
    run_inner: Callable[[Branch, dict[str, Any], Any], Steps]

    def scene(self, data: Any) -> Scene:
        """What its paths see."""
        where = f"An error occurred while executing the state '{self.name}' (entered at the event id #{self.entered}). "
        return Scene(data, self.context, self.branch.variables, where)

    def failure(self, text: str, error: str = RUNTIME) -> StateFailure:
        """A failure of this state."""
        return self.scene(self.data).failure(text, error)

    def input(self) -> Any:
        """Its input through InputPath."""
        return self.scene(self.data).filtered(self.state.get("InputPath", "$"), "InputPath")

    def given(self) -> Any:
        """What it hands on to what it calls: Parameters, or its input."""
        data = self.input()
        return self.scene(data).filled(self.state["Parameters"]) if "Parameters" in self.state else data

    def output(self, result: Any) -> Any:
        """Its output: the result through ResultSelector, put in by ResultPath, cut by OutputPath."""
        if "ResultSelector" in self.state:
            result = self.scene(result).filled(self.state["ResultSelector"])
        self.assign(self.state, result)
        whole = self.scene(self.data).with_result(self.state.get("ResultPath", "$"), result)
        return self.scene(whole).filtered(self.state.get("OutputPath", "$"), "OutputPath")

    def passed(self) -> Any:
        """The output of a Pass state."""
        given = self.given()
        return self.output(self.state.get("Result", given))

    def cut(self, rule: dict[str, Any]) -> Any:
        """The output of a state that has no result; a Choice's rule may say of it, too."""
        data = self.input()
        self.assign(rule, data)
        return self.scene(data).filtered(self.state.get("OutputPath", "$"), "OutputPath")

    def chosen(self) -> dict[str, Any] | None:
        """The rule of a Choice that holds; None when none does."""
        return next_of(self.state, self.scene(self.input()))

    def caught(self, rule: dict[str, Any], told: dict[str, Any]) -> Any:
        """The output when a catcher took a failure."""
        self.assign(rule, told)
        return self.scene(self.data).with_result(rule.get("ResultPath", "$"), told)

    def assign(self, rule: dict[str, Any], data: Any) -> None:
        """Set the variables of Assign; all see the values from before."""
        self.branch.variables.update(self.scene(data).filled(rule.get("Assign") or {}))

    def value(self, field: str) -> Any:
        """What a field says by itself, or by its path (`Seconds`, `SecondsPath`); None without either."""
        path = self.state.get(f"{field}Path")
        return self.state.get(field) if path is None else self.scene(self.input()).computed(path, f"{field}Path")

    def items(self) -> Any:
        """What a Map goes through."""
        return self.scene(self.input()).at(self.state.get("ItemsPath", "$"), "ItemsPath")

    def item_input(self, item: dict[str, Any], value: Any) -> Any:
        """What the states of a Map get for one item; `item` is what the context says of it."""
        selector = self.state.get("ItemSelector", self.state.get("Parameters"))
        if selector is None:
            return value
        scene = self.scene(self.input())
        return Scene(scene.data, {**self.context, **item}, scene.variables, scene.where).filled(selector)


class JsonataStep(Step):
    """A state in JSONata: texts in `{% %}` are computed over `$states` and the variables."""

    def _computed(self, template: Any, context: dict[str, Any] | None = None, **more: Any) -> Any:
        states = {"input": self.data, "context": context or self.context, **more}
        try:
            return jsonata.filled(template, states, self.branch.variables)
        except jsonata.QueryError as error:
            raise self.failure(str(error), "States.QueryEvaluationError") from error

    def input(self) -> Any:
        """Its input."""
        return self.data

    def given(self) -> Any:
        """Arguments, or its input."""
        return self._computed(self.state["Arguments"]) if "Arguments" in self.state else self.data

    def output(self, result: Any) -> Any:
        """Output, or the result."""
        found = self._computed(self.state["Output"], result=result) if "Output" in self.state else result
        self.assign(self.state, result)
        return found

    def passed(self) -> Any:
        """Output, or its input."""
        return self.cut(self.state)

    def cut(self, rule: dict[str, Any]) -> Any:
        """Output, or its input."""
        found = self._computed(rule["Output"]) if "Output" in rule else self.data
        self.branch.variables.update(self._computed(rule.get("Assign") or {}))
        return found

    def chosen(self) -> dict[str, Any] | None:
        """The first rule whose Condition is true."""
        for rule in self.state["Choices"]:
            holds = self._computed(rule["Condition"])
            if not isinstance(holds, bool):
                raise self.failure("The Condition is neither true nor false", "States.QueryEvaluationError")
            if holds:
                found: dict[str, Any] = rule
                return found
        if "Default" not in self.state:
            return None
        return {
            **{key: self.state[key] for key in ("Assign", "Output") if key in self.state},
            "Next": self.state["Default"],
        }

    def caught(self, rule: dict[str, Any], told: dict[str, Any]) -> Any:
        """The catcher's Output, or the failure."""
        found = self._computed(rule["Output"], errorOutput=told) if "Output" in rule else told
        self.branch.variables.update(self._computed(rule.get("Assign") or {}, errorOutput=told))
        return found

    def assign(self, rule: dict[str, Any], data: Any) -> None:
        """Set the variables of Assign, which see the result."""
        self.branch.variables.update(self._computed(rule.get("Assign") or {}, result=data))

    def value(self, field: str) -> Any:
        """What a field says."""
        return self._computed(self.state.get(field))

    def items(self) -> Any:
        """Items, or its input."""
        return self._computed(self.state["Items"]) if "Items" in self.state else self.data

    def item_input(self, item: dict[str, Any], value: Any) -> Any:
        """ItemSelector, or the item."""
        if "ItemSelector" not in self.state:
            return value
        return self._computed(self.state["ItemSelector"], {**self.context, **item})
