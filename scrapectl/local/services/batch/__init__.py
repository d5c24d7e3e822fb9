"""AWS Batch but for the jobs themselves: environments, queues, scheduling policies, job definitions, tags.

Written whole instead of around moto's, whose states settle at once and which checks next to nothing. Running jobs is
the business of `scrapectl.local.jobs`, which registers SubmitJob and its kin; `submit` checks what it is given.
"""

from scrapectl.local.services.batch import definitions, environments, policies, queues, submit, tags
from scrapectl.local.services.batch.state import BatchState, find_definition, find_queue

__all__ = [
    "BatchState",
    "definitions",
    "environments",
    "find_definition",
    "find_queue",
    "policies",
    "queues",
    "submit",
    "tags",
]
