"""Turns the checked values of warehouses into the dataclasses of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.spec import model
from scrapectl.spec.entries import inside

if TYPE_CHECKING:
    from scrapectl.spec.entries import Entries, Values


def build_warehouses(entries: Entries) -> dict[str, model.Warehouse]:
    """Build the warehouses; `serverless:` with nothing behind it is one with its defaults."""
    made = {}
    for key in entries.names("warehouses"):
        values = entries.entry("warehouses", key)
        if isinstance(values.get("public"), list):
            values["public"] = tuple(values["public"])
        elif values.pop("public", False):
            hint = "Write the networks that may reach it, such as [203.0.113.0/24]."
            entries.findings.add(f"{values['origin']}.public", "public to whom?", hint)
        if "serverless" in values:
            values["serverless"] = model.Serverless(**_part(values, "serverless"))
        if "cluster" in values:
            values["cluster"] = model.Cluster(**_part(values, "cluster"))
        made[key] = model.Warehouse(**values)
    return made


def _part(values: Values, key: str) -> Values:
    return {**(values[key] or {}), **inside(values, key)}
