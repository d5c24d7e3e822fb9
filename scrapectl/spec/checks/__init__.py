"""Finds what AWS would refuse, or never do, in a spec whose shape is right; nothing here asks AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Spec


def check_values(values: dict[str, Any], findings: Findings) -> None:
    """Check which keys may stand together."""


def check_spec(spec: Spec, findings: Findings) -> None:
    """Check everything that depends on more than one key, or on rules of AWS."""
