"""Names states after what they do, so that a step added elsewhere changes no name."""

from __future__ import annotations

import re

from scrapectl import units
from scrapectl.spec import names
from scrapectl.spec.model import CallStep, CopyStep, RunStep, Step, WaitStep

# Step Functions takes 80 characters (AWS-FACTS §10); what is added to a step's own name (": failed") fits behind.
LONGEST = 60


class StateNames:
    """Gives every step of one machine a name of its own."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, step: Step) -> str:
        """Name a step; the second of the same kind and thing is `run a (2)`."""
        name = label = names.fit(label_of(step), LONGEST)
        count = 1
        while slot(name) in self._taken:
            count += 1
            name = f"{label} ({count})"
        self._taken.add(slot(name))
        return name


def label_of(step: Step) -> str:
    """Say what a step does, in a few words."""
    if isinstance(step, CopyStep):
        return f"copy {step.source} to {step.target}"
    if isinstance(step, RunStep):
        return f"run {step.job}"
    if isinstance(step, CallStep):
        return f"call {step.function}"
    if isinstance(step, WaitStep):
        return f"wait {units.format_duration(step.seconds)}"
    return f"parallel {', '.join(label_of(branch[0]) for branch in step.branches)}"


def slot(name: str) -> str:
    """The key under `$.steps` that holds what a step left: a word that every JSONPath takes without quotes."""
    return re.sub(r"[^A-Za-z0-9]", "_", name)
