"""Amazon Redshift's clusters, subnet groups, snapshots and tags, written whole instead of around moto's.

Moto's clusters settle at once, carry roles without a state, and check next to nothing. What is not here (parameter
groups, data shares) is moto's.
"""

from scrapectl.local.services.redshift import changes, clusters, delete, subnet_groups, tags

__all__ = ["changes", "clusters", "delete", "subnet_groups", "tags"]
