"""The whole way, told once: spec → facts → desired → live → plan → outcomes; what the commands call."""

from scrapectl.pipeline.applying import apply_plan
from scrapectl.pipeline.planning import plan_destroy, plan_spec
from scrapectl.pipeline.standing import list_pipelines
from scrapectl.pipeline.terms import Applied, Instance, Options, Planned

__all__ = ["Applied", "Instance", "Options", "Planned", "apply_plan", "list_pipelines", "plan_destroy", "plan_spec"]
