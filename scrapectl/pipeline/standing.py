"""Every pipeline that stands in an account and region, with its last apply."""

from __future__ import annotations

from typing import Any

from scrapectl.aws.anchor import Anchor
from scrapectl.aws.anchor_state import describe_standing
from scrapectl.aws.inventory import owners
from scrapectl.aws.session import Session


def list_pipelines(aws: Session) -> list[dict[str, Any]]:
    """Every owner that stands in this account and region, with its last apply."""
    found = owners(aws)
    names = sorted(found)
    states = aws.gather([Anchor(aws, name, "pipelines").read for name in names])
    return [
        {"pipeline": name.partition(".")[0], "stage": name.partition(".")[2] or None, "resources": found[name]}
        | describe_standing(state)
        for name, state in zip(names, states, strict=True)
    ]
