"""The whole way, told once: spec → facts → desired → live → plan → outcomes; what the commands call."""

from scrapectl.pipeline.applying import apply_plan
from scrapectl.pipeline.drift import Drift, Drifted, find_drift
from scrapectl.pipeline.planning import plan_destroy, plan_spec
from scrapectl.pipeline.rehearsing import Rehearsed, rehearse
from scrapectl.pipeline.standing import list_pipelines
from scrapectl.pipeline.terms import Applied, Instance, Options, Planned

__all__ = [
    "Applied",
    "Drift",
    "Drifted",
    "Instance",
    "Options",
    "Planned",
    "Rehearsed",
    "apply_plan",
    "find_drift",
    "list_pipelines",
    "plan_destroy",
    "plan_spec",
    "rehearse",
]
