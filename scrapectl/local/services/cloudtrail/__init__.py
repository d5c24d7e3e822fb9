"""CloudTrail: trails of data events, as strict as AWS; what they hear of S3 goes to EventBridge.

Written whole instead of around moto's, which asks no bucket's policy and takes any selectors.
"""

from scrapectl.local.services.cloudtrail import selectors, tags, trails

__all__ = ["selectors", "tags", "trails"]
