"""Runs a state machine by the language's own rules, as far as ours use them, written apart from what compiles them."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_STEPS = 20_000


class Failed(Exception):
    """A task, or the machine, failed."""

    def __init__(self, error: str, cause: str | None = None) -> None:
        super().__init__(error)
        self.error, self.cause = error, cause


@dataclass
class Run:
    """One execution: `call` answers a task by (state, resource, parameters) or raises Failed."""

    call: Callable[[str, str, Any], Any]
    input: Any
    name: str = "run-1"
    called: list[tuple[str, str, Any]] = field(default_factory=list)
    met: list[str] = field(default_factory=list)
    waited: int = 0

    def machine(self, machine: Mapping[str, Any]) -> Any:
        return self.scope(machine, self.input)

    def scope(self, scope: Mapping[str, Any], data: Any) -> Any:
        name = scope["StartAt"]
        while True:
            self.met.append(name)
            assert len(self.met) < MOST_STEPS, "goes on for ever"
            state = scope["States"][name]
            if state["Type"] == "Succeed":
                return data
            if state["Type"] == "Fail":
                error = self.value(state["ErrorPath"], data)
                raise Failed(error, self.value(state["CausePath"], data))
            ends = state.get("End")
            data, name = self.step(name, state, data)
            data = json.loads(json.dumps(data))
            if ends:
                return data

    def step(self, name: str, state: Mapping[str, Any], data: Any) -> tuple[Any, str]:
        if state["Type"] == "Choice":
            for rule in state["Choices"]:
                if self.holds(rule, data):
                    return data, rule["Next"]
            return data, state["Default"]
        try:
            result = self.result(name, state, data)
        except Failed as failed:
            for catcher in state.get("Catch", ()):
                if not {failed.error, "States.ALL"} & set(catcher["ErrorEquals"]):
                    continue
                told = {"Error": failed.error, **({} if failed.cause is None else {"Cause": failed.cause})}
                return self.put(data, catcher["ResultPath"], told), catcher["Next"]
            raise
        data = self.put(data, state.get("ResultPath", "$"), result)
        return self.value(state.get("OutputPath", "$"), data), state.get("Next", "")

    def result(self, name: str, state: Mapping[str, Any], data: Any) -> Any:
        sent = self.filled(state["Parameters"], data) if "Parameters" in state else data
        if state["Type"] == "Wait":
            self.waited += self.value(state["SecondsPath"], data) if "SecondsPath" in state else state["Seconds"]
            return data
        if state["Type"] == "Pass":
            return state.get("Result", sent)
        if state["Type"] == "Parallel":
            answer = [self.scope(branch, data) for branch in state["Branches"]]
        else:
            assert state["TimeoutSeconds"] > 0
            self.called.append((name, state["Resource"], sent))
            answer = self.call(name, state["Resource"], sent)
        return self.filled(state["ResultSelector"], answer) if "ResultSelector" in state else answer

    def holds(self, rule: Mapping[str, Any], data: Any) -> bool:
        if "And" in rule:
            return all(self.holds(each, data) for each in rule["And"])
        try:
            value = self.value(rule["Variable"], data)
        except KeyError:
            assert "IsPresent" in rule, rule
            return not rule["IsPresent"]
        if "IsPresent" in rule:
            return rule["IsPresent"]
        if "StringEquals" in rule:
            return value == rule["StringEquals"]
        if "StringMatches" in rule:
            return re.fullmatch(re.escape(rule["StringMatches"]).replace(r"\*", ".*"), value, re.DOTALL) is not None
        return (
            value < rule["NumericLessThan"] if "NumericLessThan" in rule else value >= rule["NumericGreaterThanEquals"]
        )

    def filled(self, template: Any, data: Any) -> Any:
        if isinstance(template, list):
            return [self.filled(item, data) for item in template]
        if not isinstance(template, dict):
            return template
        return {
            key.removesuffix(".$"): self.value(item, data) if key.endswith(".$") else self.filled(item, data)
            for key, item in template.items()
        }

    def value(self, text: str, data: Any) -> Any:
        if text.startswith("$$"):
            return {"$$.Execution.Name": self.name, "$$.Execution.Input": self.input}[text]
        if text.startswith("$"):
            for step in _steps(text):
                data = data[step]
            return data
        if text.startswith("'"):
            return re.sub(r"\\(.)", r"\1", text[1:-1])
        if text in ("true", "false") or re.fullmatch(r"-?\d+", text):
            return json.loads(text)
        function, arguments = re.fullmatch(r"States\.(\w+)\((.*)\)", text, re.DOTALL).groups()
        return self.intrinsic(function, [argument.strip() for argument in _arguments(arguments)], data)

    def intrinsic(self, function: str, arguments: list[str], data: Any) -> Any:
        if function == "Format":
            values = iter([self.value(argument, data) for argument in arguments[1:]])
            tokens = re.findall(r"\\.|\{\}|[^\\{]+", arguments[0][1:-1])
            return "".join(
                str(next(values)) if token == "{}" else token[1:] if token[0] == "\\" else token for token in tokens
            )
        values = [self.value(argument, data) for argument in arguments]
        if function == "MathAdd":
            return values[0] + values[1]
        if function == "JsonMerge":
            assert values[2] is False
            return {**values[0], **values[1]}
        if function == "StringToJson":
            try:
                return json.loads(values[0])
            except ValueError as error:
                raise Failed("States.IntrinsicFailure", str(error)) from error
        assert function == "JsonToString", function
        return json.dumps(values[0])

    def put(self, data: Any, path: str | None, result: Any) -> Any:
        if path is None:
            return data
        if path == "$":
            return result
        *steps, last = _steps(path)
        holder = data = copy.deepcopy(data)  # the input, or what another branch has, stays as it is
        for step in steps:
            holder = holder.setdefault(step, {})
        holder[last] = result
        return data


def _steps(path: str) -> list[Any]:
    found = re.findall(r"\.([A-Za-z0-9_]+)|\['([^']*)'\]|\[(\d+)\]", path)
    return [int(number) if number else name or quoted for name, quoted, number in found]


def _arguments(text: str) -> list[str]:
    """Part arguments at the commas that stand in no text and no function."""
    found, depth = [""], 0
    for token in re.findall(r"'(?:[^'\\]|\\.)*'|.", text, re.DOTALL):
        depth += (token in "([") - (token in ")]")
        if token == "," and not depth:
            found.append("")
        else:
            found[-1] += token
    return found
