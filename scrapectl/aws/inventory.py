"""The one sweep: ARNs that an owner's tag names; the tagging API is late and lists dead things, so each is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from scrapectl.engine.ownership import PIPELINE
from scrapectl.engine.resource import Aws, Key, Listing, Resource


def owned_keys(aws: Aws, kinds: Mapping[str, type[Resource]], owner: str) -> dict[str, list[Key]]:
    """Keys by kind of what may be the owner's: from the tagging API, and from the kinds that it does not know."""
    own_lists = [kind for kind in kinds.values() if kind.sweep is None and kind.carries_tags]
    sweep: Callable[[], list[Key]] = lambda: _sweep(aws, owner)  # noqa: E731 - one of several tasks
    swept, *listed = aws.gather([sweep, *(_lister(kind, aws, owner) for kind in own_lists)])
    found = {kind.kind: keys for kind, keys in zip(own_lists, listed, strict=True)}
    for kind, keys in _by_kind(aws, kinds, swept).items():
        found.setdefault(kind, []).extend(keys)
    return {kind: list(dict.fromkeys(keys)) for kind, keys in found.items() if keys}


def standing_keys(aws: Aws, kinds: Mapping[str, type[Resource]], owner: str) -> dict[str, list[Key]]:
    """The same for a destroy, which must not miss what the tagging API does not know yet.

    Every service is asked for all that it has; what bears the owner's names counts, and is read to see whose it is.
    """
    listed = [kind for kind in kinds.values() if kind.listing is not None]
    swept: Callable[[], Any] = lambda: owned_keys(aws, kinds, owner)  # noqa: E731 - one of several tasks
    found, *names = aws.gather([swept, *(_names(aws, kind.listing) for kind in listed if kind.listing)])
    for kind, of_kind in zip(listed, names, strict=True):
        keys = [(name,) for name in of_kind if _bears_name_of(name, owner)]
        found[kind.kind] = list(dict.fromkeys([*found.get(kind.kind, ()), *keys]))
    return {kind: keys for kind, keys in found.items() if keys}


def _names(aws: Aws, listing: Listing) -> Callable[[], list[str]]:
    def ask() -> list[str]:
        entries = aws.pages(listing.service, listing.operation, listing.items, **listing.params) or []
        texts = [entry[listing.names] if listing.names else entry for entry in entries]
        return [re.split("[/:]", text)[-1] if text.startswith(("arn:", "http")) else text for text in texts]

    return ask


def _bears_name_of(name: str, owner: str) -> bool:
    """`shop-raw-…` and `shop_dead` are of `shop`; so would `shop-eu-raw` be, until its tags are read."""
    base = owner.replace(".", "-")
    return name in {owner, base, f"/scrapectl/{owner}"} or name.startswith((f"{base}-", f"{base}_"))


def owners(aws: Aws) -> dict[str, int]:
    """Every owner that tags name in this account and region, with how many things carry it."""
    tagged = aws.pages(
        "resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList", TagFilters=[{"Key": PIPELINE}]
    )
    found: dict[str, int] = {}
    for entry in tagged:
        for tag in entry.get("Tags", []):
            if tag["Key"] == PIPELINE:
                found[tag["Value"]] = found.get(tag["Value"], 0) + 1
    return found


def _lister(kind: type[Resource], aws: Aws, owner: str) -> Callable[[], list[Key]]:
    return lambda: kind.owned(aws, owner)


def _sweep(aws: Aws, owner: str) -> list[Key]:
    tagged = aws.pages(
        "resourcegroupstaggingapi",
        "get_resources",
        "ResourceTagMappingList",
        TagFilters=[{"Key": PIPELINE, "Values": [owner]}],
        ResourcesPerPage=100,
    )
    return [(entry["ResourceARN"],) for entry in tagged]


def _by_kind(aws: Aws, kinds: Mapping[str, type[Resource]], arns: list[Key]) -> dict[str, list[Key]]:
    found: dict[str, list[Key]] = {}
    prefixes = {
        kind: f"arn:{aws.partition}:{kind.sweep.format(region=aws.region, account=aws.account)}"
        for kind in kinds.values()
        if kind.sweep is not None
    }
    for (arn,) in arns:
        for kind, prefix in prefixes.items():
            key = kind.key_of_arn(arn) if arn.startswith(prefix) else None
            if key is not None:
                found.setdefault(kind.kind, []).append(key)
    return found
