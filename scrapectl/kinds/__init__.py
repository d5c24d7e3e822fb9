"""The one table of resource kinds, in the order of creation; deletes go backward as a tie-break."""

from __future__ import annotations

from scrapectl.engine.resource import Resource
from scrapectl.kinds.iam_role import IamRole

KINDS: dict[str, type[Resource]] = {
    kind.kind: kind
    for kind in (
        IamRole,
    )
}  # fmt: skip
