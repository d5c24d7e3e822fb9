"""Lays a stage and `--set` over a spec's tree: maps are merged, null removes a key, everything else is replaced."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scrapectl.errors import Place, UsageError
from scrapectl.spec.findings import did_you_mean, show
from scrapectl.spec.nodes import SETTING_FILE, Mapping, Node, Scalar
from scrapectl.spec.yaml import parse_value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapectl.spec.findings import Findings

_STAGE = re.compile(r"(?=.{1,20}$)[a-z][a-z0-9]*(-[a-z0-9]+)*")
_NOT_IN_A_STAGE = ("version", "pipeline", "stages")


def merge(base: Mapping, over: Mapping) -> Mapping:
    """Merge one map over another; what it replaces takes the place of what replaced it."""
    entries = dict(base.entries)
    keys = dict(base.keys)
    for key, value in over.entries.items():
        if isinstance(value, Scalar) and value.is_null:
            entries.pop(key, None)
            continue
        if isinstance(value, Mapping):
            below = entries.get(key)
            inside = below if isinstance(below, Mapping) else Mapping({}, {}, value.place)
            keys[key] = keys[key] if isinstance(below, Mapping) else over.where(key)
            entries[key] = merge(inside, value)
        else:
            keys[key] = over.where(key)
            entries[key] = value
    return Mapping(entries, keys, base.place)


def apply_stage(tree: Mapping, stage: str | None, findings: Findings) -> Mapping:
    """Take `stages` out of the tree, and merge the named one in.

    A spec that names no stages has any stage; one that names some has those alone.

    Raises:
        UsageError: When there is no such stage.
    """
    if stage is not None and not _STAGE.fullmatch(stage):
        raise UsageError(f"{show(stage)} is no name of a stage.", "Write to 20 lower-case letters, digits and dashes.")
    stages = tree.entries.get("stages")
    if not isinstance(stages, Mapping):
        return tree
    base = Mapping({k: v for k, v in tree.entries.items() if k != "stages"}, tree.keys, tree.place)
    for name, over in stages.entries.items():
        for key in over.entries if isinstance(over, Mapping) else ():
            if key in _NOT_IN_A_STAGE:
                place = over.where(key) if isinstance(over, Mapping) else None
                findings.add(f"stages.{name}", f'"{key}" cannot differ in a stage.', "Remove it.", place)
    if stage is None:
        return base
    if stage not in stages.entries:
        raise UsageError(f"there is no stage {show(stage)}.", did_you_mean(stage, stages.entries))
    over = stages.entries[stage]
    if not isinstance(over, Mapping):
        return base
    kept = {key: value for key, value in over.entries.items() if key not in _NOT_IN_A_STAGE}
    return merge(base, Mapping(kept, over.keys, over.place))


def apply_settings(tree: Mapping, settings: Iterable[str]) -> Mapping:
    """Merge `path.to.key=value` settings in, in their order; the value is read as YAML.

    Raises:
        UsageError: When a setting is not `path=value`.
        SpecError: When its value is not YAML.
    """
    for number, setting in enumerate(settings, 1):
        path, equals, text = setting.partition("=")
        steps = path.strip().split(".")
        if steps[0] == "stages":
            raise UsageError(f"--set {show(setting)} cannot change a stage.", "Set the key itself: --set KEY=VALUE.")
        if not equals or not all(steps):
            raise UsageError(f"--set {show(setting)} is not path=value.", "Write one such as jobs.collect.memory=4096.")
        place = Place(SETTING_FILE, number, 1)
        tree = merge(tree, _nested(steps, _standing_at(parse_value(text, SETTING_FILE), place), place))
    return tree


def _nested(steps: list[str], value: Node, place: Place) -> Mapping:
    inner = value if len(steps) == 1 else _nested(steps[1:], value, place)
    return Mapping({steps[0]: inner}, {steps[0]: place}, place)


def _standing_at(node: Node, place: Place) -> Node:
    """The line inside a setting says nothing; which setting it is does."""
    if isinstance(node, Scalar):
        return node.at(place)
    if isinstance(node, Mapping):
        entries = {key: _standing_at(value, place) for key, value in node.entries.items()}
        return Mapping(entries, dict.fromkeys(node.entries, place), place)
    return type(node)(tuple(_standing_at(item, place) for item in node.items), place)
