"""Turns what still holds a subnet, a security group or a gateway into a sentence: network interfaces that linger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scrapectl.engine.resource import Aws

HELD = "DependencyViolation"
_MOST = 3


def lingering(aws: Aws, filters: Mapping[str, str]) -> str | None:
    """Say which network interfaces pass the filters, and whose they are; None when there is none.

    Those of a function last up to 20 minutes after it, those of a Fargate job some minutes (AWS-FACTS §14). AWS takes
    them away itself: an interface that a service asked for is nobody else's to delete.

    Args:
        aws: An open session.
        filters: As EC2 names them: {"subnet-id": …}.
    """
    spelled = [{"Name": name, "Values": [value]} for name, value in filters.items()]
    found = aws.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=spelled)
    if not found:
        return None
    told = sorted(_told(interface) for interface in found)
    rest = [f"{len(told) - _MOST} more"] if len(told) > _MOST else []
    return f"AWS still holds it by {_many(len(told))}: {', '.join([*told[:_MOST], *rest])}"


def _many(number: int) -> str:
    return "a network interface" if number == 1 else f"{number} network interfaces"


def _told(interface: Mapping[str, Any]) -> str:
    whose = interface.get("Description") or interface.get("InterfaceType") or "without a description"
    return f"{interface['NetworkInterfaceId']} ({whose})"
