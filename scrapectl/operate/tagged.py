"""(AWS, owner) → its functions and state machines, by the services' own lists and the tags, without the spec."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrapectl.engine.ownership import ADDRESS, PIPELINE

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws

_TYPES = ["lambda:function", "states:stateMachine"]


@dataclass(frozen=True)
class Found:
    """A thing of an owner: what its list says of it, and the last part of its address ("publish", "in_start")."""

    key: str
    entry: Mapping[str, Any]


def find_tagged(aws: Aws, owner: str) -> tuple[list[Found], list[Found]]:
    """The owner's functions and state machines, in the order of their keys.

    The services' own lists say what stands, and the tagging API in one call whose it is. That one is late: of what
    bears the owner's names and is not known to it, the tags are read one by one.
    """
    functions, machines, tagged = aws.gather(
        [
            functools.partial(aws.pages, "lambda", "list_functions", "Functions"),
            functools.partial(aws.pages, "stepfunctions", "list_state_machines", "stateMachines"),
            functools.partial(_tagged, aws, owner),
        ]
    )
    of_function = functools.partial(_function_tags, aws)
    of_machine = functools.partial(_machine_tags, aws)
    return (
        _ours(aws, owner, {f["FunctionArn"]: (f["FunctionName"], f) for f in functions}, tagged, of_function),
        _ours(aws, owner, {m["stateMachineArn"]: (m["name"], m) for m in machines}, tagged, of_machine),
    )


def _tagged(aws: Aws, owner: str) -> dict[str, dict[str, str]]:
    entries = aws.pages(
        "resourcegroupstaggingapi",
        "get_resources",
        "ResourceTagMappingList",
        TagFilters=[{"Key": PIPELINE, "Values": [owner]}],
        ResourceTypeFilters=_TYPES,
    )
    return {entry["ResourceARN"]: {tag["Key"]: tag["Value"] for tag in entry["Tags"]} for entry in entries}


def _ours(
    aws: Aws,
    owner: str,
    listed: Mapping[str, tuple[str, Mapping[str, Any]]],
    tagged: Mapping[str, Mapping[str, str]],
    read: Callable[[str], Mapping[str, str]],
) -> list[Found]:
    base = owner.replace(".", "-")
    unknown = [arn for arn, (name, _) in listed.items() if arn not in tagged and name.startswith(f"{base}-")]
    answers = aws.gather([functools.partial(read, arn) for arn in unknown])
    tags = {**tagged, **dict(zip(unknown, answers, strict=True))}
    found = []
    for arn, (_, entry) in listed.items():
        key = _key(tags.get(arn, {}), owner, base)
        if key is not None:
            found.append(Found(key, entry))
    return sorted(found, key=lambda each: each.key)


def _key(tags: Mapping[str, str], owner: str, base: str) -> str | None:
    """`sfn_state_machine.shop-process` → `process`; None for what is another's, or the instance's as a whole."""
    name = tags.get(ADDRESS, "").partition(".")[2]
    ours = tags.get(PIPELINE) == owner and name.startswith(f"{base}-")
    return name.removeprefix(f"{base}-") if ours else None


_DENIED = ("AccessDeniedException",)  # whoever may not look at it has no part in it


def _function_tags(aws: Aws, arn: str) -> Mapping[str, str]:
    answer = aws.call("lambda", "list_tags", absent=("ResourceNotFoundException", *_DENIED), Resource=arn)
    return dict((answer or {}).get("Tags") or {})


def _machine_tags(aws: Aws, arn: str) -> Mapping[str, str]:
    absent = ("ResourceNotFound", "StateMachineDoesNotExist", *_DENIED)
    answer = aws.call("stepfunctions", "list_tags_for_resource", absent=absent, resourceArn=arn)
    entries: Iterable[Mapping[str, str]] = (answer or {}).get("tags") or ()
    return {entry["key"]: entry["value"] for entry in entries}
