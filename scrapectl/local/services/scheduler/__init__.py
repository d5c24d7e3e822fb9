"""EventBridge Scheduler, whole: groups, schedules checked as AWS checks them, and a worker that really starts them."""

from scrapectl.local.services.scheduler import groups, schedules
from scrapectl.local.services.scheduler.fire import fire_due

__all__ = ["fire_due", "groups", "schedules"]
