"""How DataSync's things are found: it knows them by ARNs that it chose, so our tags tell, of two the older (pure)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from scrapectl.engine.ownership import PIPELINE
from scrapectl.engine.resource import Aws, FieldChange, Key, Live
from scrapectl.kinds.named_by_tag import first_of_each, name_of
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


def read_locations(
    aws: Aws, scheme: str, keys: Sequence[Key], live: Callable[[Mapping[str, Any], Mapping[str, str]], Live]
) -> dict[Key, Live]:
    """List all locations of a type, ask for the tags of each, then for what those of these names are.

    Args:
        aws: Whom to ask.
        scheme: The type ("s3", "efs"), which the operation that describes one ends in.
        keys: Which are wanted.
        live: Makes one of what is described, and of its tags.
    """
    tags = {arn: found for arn, found in locations(aws, scheme).items() if (name_of(found),) in keys}
    ask = functools.partial(aws.call, "datasync", f"describe_location_{scheme}", absent=ABSENT)
    answers = aws.gather([functools.partial(ask, LocationArn=arn) for arn in tags])
    described = [answer for answer in answers if answer is not None]
    return first_of_each(
        [(created(one, one["LocationArn"]), live(one, tags[one["LocationArn"]])) for one in described], keys
    )


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
