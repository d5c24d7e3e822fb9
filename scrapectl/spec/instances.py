"""Tells from the name of an EC2 instance type which processor it has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapectl.spec.sections import Platform

# Graviton: a "g" among the letters after the generation's number (m7g, c7gn, im4gn, x2gd), and the first one, a1.
# "Amazon EC2 instance type naming conventions".
_ARM_FAMILY = re.compile(r"a1|[a-z]+[0-9]+[a-z]*g[a-z]*(-.*)?|default_arm64")


def platform_of(instance_type: str) -> Platform:
    """Say which processor a type, a family or one of Batch's own words (`optimal`) stands for."""
    return "ARM64" if _ARM_FAMILY.fullmatch(instance_type.partition(".")[0]) else "X86_64"


def processor_of(instance_types: Iterable[str]) -> Platform:
    """Say which processor an environment has; AWS lets none mix two, so the first type tells."""
    return next((platform_of(written) for written in instance_types), "X86_64")


def vcpus_of(instance_type: str) -> int | None:
    """Say how many vCPUs a size has at most ("m7i.2xlarge" 8); None for a family, or where the name does not tell.

    Sizes below large have one or two by family, so two stands for them.
    """
    size = instance_type.partition(".")[2]
    if size in ("nano", "micro", "small", "medium", "large"):
        return 2
    found = re.fullmatch(r"([0-9]*)xlarge", size)
    return 4 * int(found[1] or 1) if found else None
