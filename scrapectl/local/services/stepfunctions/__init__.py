"""AWS Step Functions, whole for standard machines: definitions checked as AWS checks them, runs that really run."""

from scrapectl.local.services.stepfunctions import executions, machines, tags

__all__ = ["executions", "machines", "tags"]
