"""Amazon EFS: file systems, their mount targets, access points, policies and tags, over folders of this machine.

Written whole instead of around moto's, where everything settles at once and throughput and backups cannot change.
"""

from scrapectl.local.services.efs import access_points, file_systems, mount_targets, policies, tags

__all__ = ["access_points", "file_systems", "mount_targets", "policies", "tags"]
