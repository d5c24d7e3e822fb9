"""A heap as a command has it that has just begun."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture
def small_heap() -> Iterator[None]:
    """What tests before have left is no part of what the collector goes through: a command begins with none of it."""
    gc.freeze()
    yield
    gc.unfreeze()
