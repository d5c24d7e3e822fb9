"""Amazon RDS: instances, their subnet groups, snapshots and tags; a real server stands in where one is installed.

Written whole instead of around moto's, whose instances settle at once and which checks next to nothing. What is not
here (parameter groups, clusters, events) is moto's.
"""

from scrapectl.local.services.rds import (
    delete,
    describe,
    instances,
    modify,
    power,
    snapshots,
    subnet_groups,
    tags,
)

__all__ = ["delete", "describe", "instances", "modify", "power", "snapshots", "subnet_groups", "tags"]
