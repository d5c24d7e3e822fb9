"""How long things take in AWS, in seconds on the cloud's clock; off, everything settles at once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Delays:
    """Seconds for each thing that takes time; AWS's usual figures, see AWS-FACTS sections 1, 2, 5, 6, 8.2 and 12."""

    compute_environment: float = 15.0
    job_queue: float = 8.0
    batch_delete: float = 30.0
    fresh_role: float = 8.0
    schedule_group_delete: float = 10.0
    bucket_name: float = 30.0
    queue_name: float = 60.0
    secret_name: float = 20.0
    tag_index: float = 10.0


NO_DELAYS = Delays(0, 0, 0, 0, 0, 0, 0, 0, 0)
