"""AppStream 2.0: fleets that take their time to start, stacks, and which streams from which; nobody streams anything.

moto has none of it. Images are made by hand on AWS: here any name stands for one.
"""

from scrapectl.local.services.appstream import fleets, stacks, tags

__all__ = ["fleets", "stacks", "tags"]
