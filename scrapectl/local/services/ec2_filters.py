"""Holds EC2's filters against documents: tags with their patterns, and the members that a caller names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from scrapectl.local.registry import Call, Refusal

Reader = Callable[[Mapping[str, Any]], Iterable[str]]


def filtered(
    documents: Iterable[dict[str, Any]], filters: Iterable[Mapping[str, Any]] | None, readers: Mapping[str, Reader]
) -> list[dict[str, Any]]:
    """Leave in the documents that pass every filter.

    Args:
        documents: As EC2 describes them, with their Tags.
        filters: Of a request.
        readers: Name of a filter to what of a document it is held against.

    Raises:
        Refusal: A filter is not known here.
    """
    asked = list(filters or ())
    for each in asked:
        if each["Name"] not in readers and each["Name"] != "tag-key" and not each["Name"].startswith("tag:"):
            raise Refusal("InvalidParameterValue", f"The filter '{each['Name']}' is invalid", 400)
    return [each for each in documents if all(_passes(each, one, readers) for one in asked)]


def _passes(document: Mapping[str, Any], asked: Mapping[str, Any], readers: Mapping[str, Reader]) -> bool:
    found = list(_values(document, asked["Name"], readers))
    return any(fnmatchcase(value, pattern) for value in found for pattern in asked["Values"])


def _values(document: Mapping[str, Any], name: str, readers: Mapping[str, Reader]) -> Iterable[str]:
    tags = {tag["Key"]: tag["Value"] for tag in document.get("Tags") or ()}
    if name.startswith("tag:"):
        key = name.removeprefix("tag:")
        return [tags[key]] if key in tags else []
    if name == "tag-key":
        return tags
    return [str(value) for value in readers[name](document) if value]


def member(name: str) -> Reader:
    """Read one member."""
    return lambda document: [document.get(name) or ""]


def tags_of(call: Call, resource_id: str) -> list[dict[str, str]]:
    """The tags that a thing of ours carries now; moto keeps them by id."""
    filters = [{"Name": "resource-id", "Values": [resource_id]}]
    found = call.moto({"Filters": filters}, "DescribeTags")["Tags"]
    return [{"Key": tag["Key"], "Value": tag["Value"]} for tag in found]


def put_tags(call: Call, resource_id: str) -> None:
    """Keep the tags of a create call."""
    for specification in call.params.get("TagSpecifications") or ():
        call.moto({"Resources": [resource_id], "Tags": specification["Tags"]}, "CreateTags")


def forget_tags(call: Call, resource_id: str) -> None:
    """Drop the tags of what is gone: moto keeps them."""
    tags = [{"Key": tag["Key"]} for tag in tags_of(call, resource_id)]
    if tags:
        call.moto({"Resources": [resource_id], "Tags": tags}, "DeleteTags")
