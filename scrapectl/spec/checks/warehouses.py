"""Finds warehouses that Amazon Redshift refuses: sizes, names, networks that may reach them, zones they stand in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from scrapectl.spec.checks.public import check_public
from scrapectl.spec.checks.reserved import is_reserved
from scrapectl.spec.findings import one_of, show
from scrapectl.spec.warehouses import ZONES_OF_SERVERLESS

if TYPE_CHECKING:
    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Cluster, Spec, Warehouse

_FORMS = ("serverless", "cluster", "existing")
_OF_OTHERS = {
    "engine": "redshift, or redshift-serverless",
    "database": "the name of the database in it",
    "secret": "the ARN of the secret of its user",
}
_SERVICE = {"redshift": "redshift", "redshift-serverless": "redshift-serverless"}
# "Amazon Redshift provisioned clusters", node type details: (fewest, most) nodes; types that come later are AWS's to
# judge.
_NODES = {
    "ra3.large": (1, 16),
    "ra3.xlplus": (1, 32),
    "ra3.4xlarge": (2, 64),
    "ra3.16xlarge": (2, 128),
    "dc2.large": (1, 32),
    "dc2.8xlarge": (2, 128),
}
_SMALLEST, _STEP = 4, 8


def check_warehouse_keys(warehouse: dict[str, Any], path: str, findings: Findings) -> None:
    """One of the three forms is written; what only one that is not ours says stands beside `existing` alone."""
    written = [form for form in _FORMS if form in warehouse]
    if len(written) != 1 and all(findings.is_sound(f"{path}.{form}") for form in _FORMS):
        what = f"only one of {one_of(_FORMS)} may stand here." if written else f"{one_of(_FORMS)} is missing."
        findings.add(path, what, "Keep one." if written else "Write serverless: {rpus: 8}, for example.")
    if "existing" in warehouse:
        for key, what in _OF_OTHERS.items():
            if key not in warehouse and findings.is_sound(f"{path}.{key}"):
                findings.add(path, f'"{key}" is missing.', f"Add {key}: {what}.")
        return
    for key in ("engine", "secret", "role"):
        if key in warehouse:
            findings.add(f"{path}.{key}", f'"{key}" is said of an existing warehouse alone.', "Remove it.")


def check_warehouses(spec: Spec, findings: Findings) -> None:
    """Check every warehouse, and what the serverless ones need of the network."""
    for warehouse in spec.warehouses.values():
        if warehouse.existing is not None:
            _check_engine(warehouse, findings)
            continue
        _check_names(warehouse, findings)
        if warehouse.cluster is not None:
            _check_nodes(warehouse.cluster, findings)
        if warehouse.serverless is not None:
            _check_rpus(warehouse.serverless.rpus, f"{warehouse.origin}.serverless.rpus", findings)
            _check_zones(spec, warehouse, findings)
        for number, written in enumerate(warehouse.public):
            check_public(written, f"{warehouse.origin}.public.{number}", findings, what="warehouse")


def _check_engine(warehouse: Warehouse, findings: Findings) -> None:
    """An ARN says itself what it is of."""
    found = re.match(r"arn:[^:]+:([^:]+):", warehouse.existing or "")
    if found and warehouse.engine and _SERVICE[warehouse.engine] != found[1]:
        message = f"the ARN is one of {found[1]}, and engine says {warehouse.engine}."
        findings.add(f"{warehouse.origin}.engine", message, f"Write engine: {found[1]}.")


def _check_names(warehouse: Warehouse, findings: Findings) -> None:
    for key, name in (("database", warehouse.database), ("username", warehouse.username)):
        if is_reserved("redshift", name):
            message = f"{show(name)} is a word of Redshift's own, and can be no {key}'s name."
            findings.add(f"{warehouse.origin}.{key}", message.replace("username's", "user's"), "Choose another name.")


def _check_nodes(cluster: Cluster, findings: Findings) -> None:
    fewest, most = _NODES.get(cluster.node_type, (1, 128))
    if not fewest <= cluster.nodes <= most:
        message = f"a cluster of {cluster.node_type} has {fewest} to {most} nodes, not {cluster.nodes}."
        findings.add(f"{cluster.origin}.nodes", message, f"Write a number from {fewest} to {most}.")


def _check_rpus(rpus: int, path: str, findings: Findings) -> None:
    if rpus == _SMALLEST or rpus % _STEP == 0:
        return
    lower = max(_SMALLEST, rpus // _STEP * _STEP)
    findings.add(path, f"{rpus} is no base capacity.", f"Write {lower} or {(rpus // _STEP + 1) * _STEP}.")


def _check_zones(spec: Spec, warehouse: Warehouse, findings: Findings) -> None:
    """Three subnets in three zones ("Considerations when using Amazon Redshift Serverless")."""
    if 0 < len(spec.network.subnets) < ZONES_OF_SERVERLESS:
        message = f"Redshift Serverless wants subnets in three zones, and the network has {len(spec.network.subnets)}."
        findings.add(warehouse.origin, message, "Add subnets of other zones to network.subnets.")
    made = spec.network.made
    if made and findings.is_sound("network.zones") and made.zones < ZONES_OF_SERVERLESS:
        message = f"Redshift Serverless wants subnets in three zones, and the network has {made.zones}."
        findings.add(warehouse.origin, message, "Write zones: 3 under network, or leave it out.")
