"""What is still to happen to a thing of the embedded cloud, in order, by the cloud's clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Timeline:
    """Things to come: when, and what."""

    steps: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    @property
    def busy(self) -> bool:
        """Whether anything is still to come."""
        return bool(self.steps)

    def later(self, at: float, act: Callable[[], None]) -> None:
        """Let something happen at a time, after all that was planned for then."""
        self.steps.append((at, act))
        self.steps.sort(key=lambda step: step[0])

    def settle(self, now: float) -> None:
        """Do everything whose time has come."""
        while self.steps and self.steps[0][0] <= now:
            self.steps.pop(0)[1]()
