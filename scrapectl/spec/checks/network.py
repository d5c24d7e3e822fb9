"""Finds networks to be made that EC2 refuses: addresses that are not private, or too few for their subnets."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from scrapectl.spec.build_storage import MADE_KEYS
from scrapectl.spec.findings import show

if TYPE_CHECKING:
    from typing import Any

    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import MadeNetwork

# "VPC CIDR blocks", Amazon VPC User Guide: /16 to /28, for the VPC and for each subnet.
_WIDEST, _NARROWEST = 16, 28
_STANDING = ("subnets", "security_groups")
_PRIVATE = tuple(ipaddress.IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))


def check_network_keys(values: dict[str, Any], findings: Findings) -> None:
    """Check that a network stands already or is made, and says nothing of the other."""
    network = values.get("network")
    if not isinstance(network, dict) or not all(findings.is_sound(f"network.{key}") for key in ("vpc", "cidr")):
        return
    if "vpc" in network:
        for key in MADE_KEYS:
            if key in network:
                findings.add(
                    f"network.{key}", "is of a VPC that is made, and vpc names one that stands.", "Remove one."
                )
    elif "cidr" in network:
        for key in _STANDING:
            if key in network:
                findings.add(f"network.{key}", "is of a VPC that stands, and cidr makes one.", "Remove one.")
    else:
        _check_homeless(network, findings)


def _check_homeless(network: dict[str, Any], findings: Findings) -> None:
    for key in network:
        if key in MADE_KEYS:
            findings.add(f"network.{key}", "is of a VPC that is made.", "Write cidr beside it, such as 10.0.0.0/24.")
        else:
            findings.add(f"network.{key}", "is of no VPC.", "Write vpc beside it.")
    if not network:
        findings.add("network", "which network?", "Write default, {vpc: vpc-…} or {cidr: 10.0.0.0/24}.")


def check_made_network(made: MadeNetwork, findings: Findings) -> None:
    """Check the addresses of a network to be made."""
    try:
        network = ipaddress.IPv4Network(made.cidr, strict=False)
    except ValueError:
        findings.add("network.cidr", f"{show(made.cidr)} is no range of addresses.", "Write one such as 10.0.0.0/24.")
        return
    if str(network) != made.cidr:
        findings.add("network.cidr", f"{show(made.cidr)} does not begin its range.", f"Write {network}.")
    elif not any(network.subnet_of(private) for private in _PRIVATE):
        message = f"{network} hides addresses of the internet from what stands in it."
        findings.add("network.cidr", message, "Write a part of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.")
    elif not _WIDEST <= network.prefixlen <= _NARROWEST:
        message = f"EC2 makes no VPC of /{network.prefixlen}."
        findings.add("network.cidr", message, f"Write /{_WIDEST} to /{narrowest_for(made.zones)}.")
    elif network.prefixlen > narrowest_for(made.zones):
        count = f"{2 * made.zones} subnets of /{_NARROWEST} or larger, two in each of {made.zones} zones"
        hint = f"Write /{narrowest_for(made.zones)} or larger, or fewer zones."
        findings.add("network.cidr", f"{network} is too small for {count}.", hint)


def narrowest_for(zones: int) -> int:
    """Give the longest prefix whose network can be cut into a public and a private /28 for each zone, all equal."""
    return _NARROWEST - (2 * zones - 1).bit_length()
