"""For whom a plan is made, and what it may do (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scrapectl.engine.resource import Resource


@dataclass(frozen=True)
class Aim:
    """For whom a plan is made, and what it may do."""

    pipeline: str
    stage: str | None
    account: str
    region: str
    kinds: Mapping[str, type[Resource]]  # in the order of creation
    delete_data: bool = False
    keep_data: bool = False
    takeover: bool = False
    deletes: bool = True  # False with --only
    notes: tuple[str, ...] = ()

    @property
    def owner(self) -> str:
        """`pipeline`, or `pipeline.stage`."""
        return f"{self.pipeline}.{self.stage}" if self.stage else self.pipeline
