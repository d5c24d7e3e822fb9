"""What Batch knows of EC2's instance types: which are taken, of what architecture they are, how large they can be.

Sizes follow EC2's naming (AWS's instance type pages): a size says its vCPUs, a family its memory for each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from scrapectl.local.services.batch.state import refuse

ANY_SIZE = {"optimal": "X86_64", "default_x86_64": "X86_64", "default_arm64": "ARM64"}
_TYPE = re.compile(r"(?P<series>[a-z]+?)(?P<generation>\d+)(?P<options>[a-z]*)(-[a-z0-9]+)?(\.(?P<size>[a-z0-9-]+))?\Z")
_SIZES = {"nano": 2, "micro": 2, "small": 2, "medium": 1, "large": 2, "xlarge": 4}
_TIMES = re.compile(r"(\d+)xlarge\Z|metal-(\d+)xl\Z")
_LARGEST = 192
_GIB_FOR_EACH = {"c": 2, "m": 4, "r": 8, "x": 16, "i": 8, "d": 8, "g": 4, "p": 8, "inf": 4, "hpc": 4, "z": 8}


@dataclass(frozen=True)
class Size:
    """The most that one instance has."""

    vcpus: float
    mebibytes: float


def check_types(types: list[str]) -> None:
    """Refuse types that are none, and types of two architectures.

    Raises:
        Refusal: With Batch's `ClientException`.
    """
    for name in types:
        if name not in ANY_SIZE and not _TYPE.match(name):
            raise refuse(f"Error executing request, Exception : Instance type can only be one of EC2's, not {name}")
    if len({architecture(name) for name in types}) > 1:
        raise refuse("Error executing request, Exception : Instance types of two architectures cannot be mixed")


def architecture(name: str) -> str:
    """Return X86_64 or ARM64: a Graviton family has a `g` after its generation."""
    found = _TYPE.match(name)
    if name in ANY_SIZE or found is None:
        return ANY_SIZE.get(name, "X86_64")
    return "ARM64" if "g" in found["options"] or (found["series"], found["generation"]) == ("a", "1") else "X86_64"


def largest(name: str) -> Size:
    """Return what the largest instance of a type or family has."""
    found = _TYPE.match(name)
    if name in ANY_SIZE or found is None:
        return Size(_LARGEST, _LARGEST * 8 * 1024)
    vcpus = _vcpus(found["size"]) if found["size"] else _LARGEST
    return Size(vcpus, vcpus * _GIB_FOR_EACH.get(found["series"], 16) * 1024)


def _vcpus(size: str) -> float:
    if size in _SIZES:
        return _SIZES[size]
    found = _TIMES.match(size)
    return 4.0 * int(found[1] or found[2]) if found else _LARGEST
