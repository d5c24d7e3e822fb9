"""What a state sees and sends: paths, `.$` templates and intrinsic functions over its data, context and variables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from scrapectl.local.workflows.failure import RUNTIME, StateFailure
from scrapectl.local.workflows.intrinsics import IntrinsicError, Reader, compact
from scrapectl.local.workflows.paths import NoSuchPathError, find, place

_NAME_ENDS = ".["


@dataclass(frozen=True)
class Scene:
    """What the paths of a state are applied to.

    Attributes:
        data: `$`.
        context: `$$`.
        variables: `$name`.
        where: How a failure begins: which state, entered at which event.
    """

    data: Any
    context: dict[str, Any]
    variables: dict[str, Any]
    where: str

    def on(self, data: Any) -> Scene:
        """The same with other data."""
        return replace(self, data=data)

    def at(self, path: str, field: str) -> Any:
        """What a path names.

        Raises:
            StateFailure: Nothing is there.
        """
        root, rest = self._root(path)
        try:
            return find(rest, root)
        except NoSuchPathError as error:
            shown = compact(self.context if path.startswith("$$") else self.data)
            raise self.failure(
                f"The JSONPath '{path}' specified for the field '{field}' could not be found in the input '{shown}'"
            ) from error

    def has(self, path: str) -> bool:
        """Whether a path names anything."""
        try:
            root, rest = self._root(path)
            find(rest, root)
        except (NoSuchPathError, StateFailure):
            return False
        return True

    def _root(self, path: str) -> tuple[Any, str]:
        if path.startswith("$$"):
            return self.context, path[2:]
        name = path[1:]
        for mark in _NAME_ENDS:
            name = name.partition(mark)[0]
        if not name:
            return self.data, path[1:]
        if name not in self.variables:
            raise self.failure(f"The variable '${name}' could not be found")
        return self.variables[name], path[1 + len(name) :]

    def computed(self, text: str, field: str) -> Any:
        """The value of a `.$` field: a path's or an intrinsic function's.

        Raises:
            StateFailure: There is none.
        """
        if not text.startswith("States."):
            return self.at(text, field)
        try:
            return _plain(Reader(text, lambda path: self.at(path, field)).value())
        except IntrinsicError as error:
            raise StateFailure("States.IntrinsicFailure", f"{self.where}{error}") from error

    def filled(self, template: Any) -> Any:
        """A template with its `.$` fields computed.

        Raises:
            StateFailure: One cannot be.
        """
        if isinstance(template, list):
            return [self.filled(item) for item in template]
        if not isinstance(template, dict):
            return template
        return {
            key.removesuffix(".$"): self.computed(item, key) if key.endswith(".$") else self.filled(item)
            for key, item in template.items()
        }

    def failure(self, text: str, error: str = RUNTIME) -> StateFailure:
        """A failure of this state."""
        return StateFailure(error, f"{self.where}{text}")

    def filtered(self, path: str | None, field: str) -> Any:
        """The data through InputPath or OutputPath; null is an empty object."""
        return {} if path is None else self.at(path, field)

    def with_result(self, path: str | None, result: Any) -> Any:
        """The data with a state's result in it where ResultPath says; null leaves it out.

        Raises:
            StateFailure: `States.ResultPathMatchFailure`.
        """
        if path is None:
            return self.data
        try:
            return place(path[1:], self.data, result)
        except NoSuchPathError as error:
            text = f"Unable to apply ReferencePath {path} to input {compact(self.data)}"
            raise self.failure(text, "States.ResultPathMatchFailure") from error


def _plain(value: Any) -> Any:
    """Texts of the call itself as plain text, at any depth."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value
