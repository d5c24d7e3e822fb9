"""Turns the checked values of the network and the file systems into the dataclasses of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.spec import model
from scrapectl.spec.entries import inside
from scrapectl.spec.warehouses import ZONES_OF_SERVERLESS

if TYPE_CHECKING:
    from scrapectl.spec.entries import Entries

MADE_KEYS = ("cidr", "zones", "nat", "endpoints", "peer")


def build_network(entries: Entries) -> model.Network:
    """Build the network: the default one unless ids, or the addresses of one to make, are written."""
    values = entries.values.get("network", {})
    ids = values if isinstance(values, dict) else {}
    ids = {key: tuple(value) if isinstance(value, list) else value for key, value in ids.items()}
    made = {key: ids.pop(key) for key in MADE_KEYS if key in ids}
    written = entries.written("network")
    if "cidr" in made:
        if _has_serverless_warehouse(entries):
            made.setdefault("zones", ZONES_OF_SERVERLESS)
        return model.Network(**written, **ids, made=model.MadeNetwork(**written, **made))
    return model.Network(**written, **ids)


def _has_serverless_warehouse(entries: Entries) -> bool:
    return any("serverless" in warehouse for warehouse in entries.values.get("warehouses", {}).values())


def build_filesystems(entries: Entries) -> dict[str, model.FileSystem]:
    """Build the file systems."""
    made = {}
    for key in entries.names("filesystems"):
        values = entries.entry("filesystems", key)
        throughput = values.get("throughput")
        if isinstance(throughput, dict):
            del values["throughput"]
            values |= {"throughput": float(throughput["provisioned"])} if "provisioned" in throughput else {}
        values["paths"] = {
            name: model.AccessPath(**path, **inside(values, f"paths.{name}"))
            for name, path in values.get("paths", {}).items()
        }
        made[key] = model.FileSystem(**values)
    return made
