"""Time as what waits for it sees it: now, and a pause; tests put a virtual one in its place."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Clock:
    """`now` in seconds since 1970, and `sleep`."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
