"""An IAM action → its access level and the resource types it is judged on; a resource type → its ARN.

The table `data/iam_resources.json` is AWS's service authorization reference; what is wrong in it is corrected here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Literal

Level = Literal["R", "L", "W", "T", "P"]
"""Read, List, Write, Tagging, Permissions management."""

#: Action → its resource types, where the reference differs from what AWS's own examples show to be enough.
_CORRECTED: Mapping[str, tuple[str, ...]] = {
    # "Restrict job submission …" (Batch User Guide): a submission is judged on queue and definition; no job is there.
    "batch:SubmitJob": ("batch:job-queue", "batch:job-definition", "batch:job-definition-revision"),
}

#: Action → types that the reference leaves out of an action that says of them all the same that they take tags when
#: they are made ("Grant permission to tag Amazon EC2 resources during creation", Amazon EC2 User Guide).
_ALSO: Mapping[str, tuple[str, ...]] = dict.fromkeys(
    ("ec2:CreateTags", "ec2:DeleteTags"), ("ec2:vpc-peering-connection",)
)


def level_of(action: str) -> Level:
    """Return the access level of an action, as the service authorization reference has it.

    Raises:
        KeyError: There is no such action.
    """
    level: Level = _entry(action)[0]
    return level


def types_of(action: str) -> tuple[str, ...]:
    """Return the types of resource that an action is judged on (`batch:job-queue`).

    Empty for an action that knows no resource: AWS allows it with Resource "*" alone.

    Raises:
        KeyError: There is no such action.
    """
    prefix = action.partition(":")[0]
    found = _CORRECTED.get(action) or tuple(f"{prefix}:{kind}" for kind in _entry(action)[1:])
    return (*found, *_ALSO.get(action, ()))


def is_action(action: str) -> bool:
    """Whether the reference knows an action, in exactly this spelling."""
    prefix, _, name = action.partition(":")
    return name in _services().get(prefix, {}).get("actions", {})


def arn_of(kind: str) -> str:
    """Return what follows `arn:partition:` in the ARNs of a type, with {region}, {account}, and `*` for its names."""
    return _type(kind).removeprefix("#")


def is_tagged(kind: str) -> bool:
    """Whether AWS knows a thing of a type by its tags (aws:ResourceTag)."""
    return _type(kind).startswith("#")


def _entry(action: str) -> Any:
    prefix, _, name = action.partition(":")
    return _services()[prefix]["actions"][name].split()


def _type(kind: str) -> str:
    prefix, _, name = kind.partition(":")
    return str(_services()[prefix]["types"][name])


@cache
def _services() -> dict[str, Any]:
    text = resources.files("scrapectl.aws").joinpath("data/iam_resources.json").read_text(encoding="utf-8")
    services: dict[str, Any] = json.loads(text)["services"]
    return services
