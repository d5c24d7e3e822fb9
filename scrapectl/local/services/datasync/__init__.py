"""AWS DataSync between S3 and EFS: locations that are tried when they are made, tasks, and executions that copy.

Written whole instead of around moto's, which knows no EFS location and no tags, and copies nothing.
"""

from scrapectl.local.services.datasync import executions, locations, tags, tasks

__all__ = ["executions", "locations", "tags", "tasks"]
