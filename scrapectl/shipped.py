"""Says where a file of `containers/` lies that is sent to AWS: in the wheel, or beside the package in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped(path: str) -> Path:
    """Say where `containers/{path}` lies: inside the installed package, or beside it in a checkout."""
    packed = _PACKAGE / "containers" / path
    return packed if packed.exists() else _PACKAGE.parent / "containers" / path
