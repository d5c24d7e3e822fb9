"""Auto Scaling: groups that start an instance when they want one, by hand or by their scheduled actions.

moto's own starts nothing by the clock; here an instance runs its user data as a process (`local.hosts`).
"""

from scrapectl.local.services.autoscaling import actions, groups, tags

__all__ = ["actions", "groups", "tags"]
