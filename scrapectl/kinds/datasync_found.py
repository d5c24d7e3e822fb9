"""How DataSync's things are found: it knows them by ARNs that it chose, so our tags tell, of two the older (pure)."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scrapectl.engine.ownership import PIPELINE
from scrapectl.engine.resource import Aws, FieldChange, Key, Live
from scrapectl.kinds.named_by_tag import name_of
from scrapectl.kinds.tags import tags_from_list

ABSENT = ("InvalidRequestException:not found", "InvalidRequestException:does not exist")
"""DataSync has one code for everything; the message tells (AWS-FACTS §15)."""


def tags_of(aws: Aws, arns: Sequence[str]) -> dict[str, dict[str, str]]:
    """Ask for the tags of each: no listing tells them. What went meanwhile is left out."""
    ask = functools.partial(aws.pages, "datasync", "list_tags_for_resource", "Tags", absent=ABSENT)
    answers = aws.gather([functools.partial(ask, ResourceArn=arn) for arn in arns])
    return {arn: tags_from_list(tags) for arn, tags in zip(arns, answers, strict=True) if tags is not None}


def locations(aws: Aws, scheme: str) -> dict[str, dict[str, str]]:
    """ARN to tags of every location of a type ("s3", "efs"), by what its URI begins with."""
    listed = aws.pages("datasync", "list_locations", "Locations")
    return tags_of(aws, [one["LocationArn"] for one in listed if one["LocationUri"].startswith(f"{scheme}://")])


def names_of_owner(tags: Iterable[Mapping[str, str]], owner: str) -> list[Key]:
    """The names of an owner's locations."""
    ours = [one for one in tags if one.get(PIPELINE) == owner]
    return list(dict.fromkeys((name,) for one in ours if (name := name_of(one))))


def twins_differ(live: Live) -> tuple[FieldChange, ...]:
    """Say which younger ones of the same name stand beside it: a create whose answer was lost left them."""
    return (FieldChange("twins", tuple(live.detail), (), drift=True),) if live.detail else ()


def delete_location(aws: Aws, arn: str) -> None:
    """Delete a location."""
    aws.call("datasync", "delete_location", absent=ABSENT, LocationArn=arn)


def place_of(uri: str) -> tuple[str, str]:
    """Cut a location's URI into its host and its folder, which begins and ends with a slash: `/in/`."""
    host, _, folder = uri.partition("://")[2].partition("/")
    return host, folder_of(folder)


def folder_of(text: str) -> str:
    """The one spelling of a folder: slashes around it, "/" for the root."""
    inside = text.strip("/")
    return f"/{inside}/" if inside else "/"


def created(described: Mapping[str, Any], arn: str) -> tuple[str, str]:
    """What tells the older of two."""
    return str(described["CreationTime"]), arn
