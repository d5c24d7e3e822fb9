"""Turns the checked values of functions and desktops into the dataclasses of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.spec import model, words
from scrapectl.spec.build_parts import build_access, build_mounts, build_schedule, build_secrets, build_topic

if TYPE_CHECKING:
    from scrapectl.spec.entries import Entries


def build_functions(entries: Entries) -> dict[str, model.Function]:
    """Build the functions."""
    return {key: _function(entries, key) for key in entries.names("functions")}


def _function(entries: Entries, key: str) -> model.Function:
    values = entries.entry("functions", key)
    if "image" in values:
        words.check_image(values["image"], entries.names("images"), entries.findings, f"{values['origin']}.image")
    values["access"] = build_access(entries, values)
    values["secrets"] = build_secrets(entries, values)
    values["mounts"] = build_mounts(entries, values)
    values["command"] = tuple(values.get("command", ()))
    values["layers"] = tuple(values.get("layers", ()))
    values["on_failure"] = build_topic(entries, values)
    values["schedules"] = {name: build_schedule(name, values) for name in values.get("schedules", {})}
    return model.Function(**values)


def build_desktops(entries: Entries) -> dict[str, model.Desktop]:
    """Build the desktops; one without an image (already told) is left out."""
    made = {}
    for key in entries.names("desktops"):
        values = entries.entry("desktops", key)
        if "image" in values:
            made[key] = model.Desktop(**{**values, "access": build_access(entries, values)})
    return made
