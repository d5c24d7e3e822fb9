"""AWS Step Functions, whole for standard machines: definitions checked as AWS checks them, runs that really run."""

from scrapectl.local.services.stepfunctions import machines, tags
from scrapectl.local.services.stepfunctions.executions import KEPT_SECONDS

__all__ = ["KEPT_SECONDS", "machines", "tags"]
