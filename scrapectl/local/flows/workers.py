"""Everything that a cloud does by itself as time passes, besides its jobs: what to look for, then what to deliver."""

from __future__ import annotations

from typing import TYPE_CHECKING

import scrapectl.local.flows.publish
import scrapectl.local.functions.invoke  # noqa: F401 - registers Publish and Invoke
from scrapectl.local.flows import alarms
from scrapectl.local.flows.outbox import outbox_of
from scrapectl.local.functions import sources
from scrapectl.local.services import s3_events, scheduler
from scrapectl.local.services.autoscaling import actions
from scrapectl.local.workflows import branch

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud


def set_to_work(cloud: Cloud) -> None:
    """Have a cloud's ticks fire schedules, watch alarms and runs, feed functions from queues, and deliver, in order."""
    s3_events.listen(cloud)
    cloud.workers.append(lambda: scheduler.fire_due(cloud))
    cloud.workers.append(lambda: actions.fire_due(cloud))
    cloud.workers.append(lambda: alarms.watch(cloud))
    cloud.workers.append(lambda: sources.poll(cloud))
    cloud.workers.append(lambda: branch.watch(cloud))
    cloud.workers.append(outbox_of(cloud).deliver_due)
