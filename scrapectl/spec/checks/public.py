"""Finds networks outside that no database or warehouse should be opened to, or that AWS writes otherwise."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from scrapectl.spec.findings import show

if TYPE_CHECKING:
    from scrapectl.spec.findings import Findings


def check_public(written: str, path: str, findings: Findings, what: str = "database") -> None:
    """Check one network that may reach something from outside."""
    try:
        network = ipaddress.ip_network(written, strict=False)
    except ValueError:
        findings.add(path, f"{show(written)} is no network.", "Write an address and its bits: 203.0.113.0/24.")
        return
    if isinstance(network, ipaddress.IPv6Network):
        findings.add(path, _IPV4[what], "Write an IPv4 network, such as 203.0.113.0/24.")
    elif network.prefixlen == 0:
        message = f"{network} opens the {what} to the whole internet."
        findings.add(path, message, "Name the networks that need it, such as 203.0.113.0/24.")
    elif str(network) != written:
        findings.add(path, f"{show(written)} is not the form that AWS keeps.", f"Write {network}.")


_IPV4 = {"database": "RDS listens on IPv4 here.", "warehouse": "Redshift listens on IPv4 here."}
