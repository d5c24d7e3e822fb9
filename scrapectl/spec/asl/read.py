"""Reads each workflow's own definition beside the spec: `${…}` filled in, each fault told at its place in that file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.errors import SpecError, UsageError
from scrapectl.spec.asl.check import check_machine
from scrapectl.spec.findings import show
from scrapectl.spec.nodes import Mapping, Node, Sequence
from scrapectl.spec.shape import Shape
from scrapectl.spec.yaml import parse_value, read_text

if TYPE_CHECKING:
    from pathlib import Path

    from scrapectl.errors import Place
    from scrapectl.spec.entries import Values
    from scrapectl.spec.findings import Findings
    from scrapectl.spec.references import Substitution


def read_definitions(values: Values, folder: Path, substitution: Substitution, findings: Findings) -> None:
    """Put what stands in the file of each `workflows.*.definition` beside it, as `states`.

    Where variables may be unset (a destroy), a file may be gone as well: then there are no states.
    """
    for key, workflow in values.get("workflows", {}).items():
        if "definition" in workflow and (substitution.known.require_env or (folder / workflow["definition"]).exists()):
            path = f"workflows.{key}.definition"
            node = _read(folder / workflow["definition"], workflow["definition"], path, findings)
            workflow["states"] = None if node is None else _filled(node, path, substitution, findings)


def _read(file: Path, written: str, path: str, findings: Findings) -> Node | None:
    """JSON is YAML, so one reader gives every value of either its place."""
    try:
        return parse_value(read_text(file, str(file)), str(file))
    except UsageError as error:
        reason = str(error).rpartition(": ")[2]
        findings.add(
            path, f"{show(written)} cannot be read: {reason}", "Write the path of a file, from the spec's own folder."
        )
    except SpecError as error:
        for problem in error.problems:
            findings.add(path, problem.message, problem.hint, problem.place)
    return None


def _filled(node: Node, path: str, substitution: Substitution, findings: Findings) -> object:
    """Fill the references, check what comes of it, and give it as plain values."""
    filled = substitution.fill(node, path)
    states = Shape(findings).free(filled)
    for fault in check_machine(states):
        findings.add(".".join((path, *map(str, fault.path))), fault.message, fault.hint, _place_of(filled, fault.path))
    return states


def _place_of(node: Node, path: tuple[str | int, ...]) -> Place:
    """Say where a path stands: its last key, or the nearest thing around what nobody wrote."""
    place = node.place
    for step in path:
        if isinstance(node, Mapping) and step in node.entries:
            place, node = node.where(str(step)), node.entries[str(step)]
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            place = node.place
        else:
            break
    return place
