"""Turns what EC2 knows by its id alone into things that are found by their tag Name, with our tags beside it."""

from __future__ import annotations

import abc
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from scrapectl.engine.marks import Identity
from scrapectl.engine.ownership import PIPELINE
from scrapectl.engine.resource import Aws, FieldChange, Key, Live, Removal, Resource, Status, Update
from scrapectl.kinds.named_by_tag import NAME, named, unnamed
from scrapectl.kinds.tags import tag_list, tags_from_list

_FILTER_VALUES = 200
"""EC2 takes no more values in a filter ("Using filtering", Amazon EC2 API Reference)."""


@dataclass(frozen=True)
class Shape:
    """How EC2 spells one type of thing.

    Attributes:
        type: In ARNs and in TagSpecifications, "natgateway".
        prefix: What its ids begin with, "nat-".
        list: The operation that describes all, in boto3's spelling.
        items: The answer's member with the things.
        id: The member of each that holds its id.
        made: The member that says when it was made; "" when EC2 does not tell.
        filters: The request's member with the filters; NAT gateways spell it `Filter`.
    """

    type: str
    prefix: str
    list: str
    items: str
    id: str
    made: str = ""
    filters: str = "Filters"


@dataclass(frozen=True)
class Seen:
    """What a look knows beyond the fields.

    Attributes:
        document: As EC2 describes it.
        twins: Younger things of the same name: a create whose answer was lost, and which was not seen, left them.
    """

    document: Mapping[str, Any] = field(compare=False)
    twins: tuple[Live, ...] = ()


@dataclass(frozen=True)
class Ec2Named(Resource):
    """A thing of EC2 that is ours when its tags say so, and known by its tag Name; of two the older is it."""

    name: Identity[str]

    shape: ClassVar[Shape]
    named_by_tag: ClassVar[bool] = True

    @classmethod
    @abc.abstractmethod
    def of_document(cls, aws: Aws, name: str, document: Mapping[str, Any]) -> Self | None:
        """Read the fields out of what EC2 describes; None when it went meanwhile."""

    @abc.abstractmethod
    def change(self, aws: Aws, update: Update) -> None:
        """Do what AWS allows now towards `self`."""

    @classmethod
    def status_of(cls, document: Mapping[str, Any]) -> tuple[Status | None, str]:
        """Say whether it is ready, with a reason; None: it is gone, and EC2 still shows it for a while."""
        del document
        return Status.READY, ""

    @classmethod
    def more_outputs(cls, document: Mapping[str, Any]) -> Mapping[str, str]:
        """Outputs beyond arn, id and name."""
        del document
        return {}

    @classmethod
    def read_many(cls, aws: Aws, keys: Sequence[Key]) -> dict[Key, Live]:
        """Read all in one listing for each 200 names."""
        names = sorted({name for (name,) in keys})
        found: dict[str, list[Mapping[str, Any]]] = {}
        for start in range(0, len(names), _FILTER_VALUES):
            for document in _described(aws, cls.shape, names[start : start + _FILTER_VALUES]):
                if cls.status_of(document)[0] is not None:
                    found.setdefault(_name_of(document), []).append(document)
        read = [functools.partial(cls._live_of_all, aws, name, documents) for name, documents in found.items()]
        return {live.resource.key(): live for live in aws.gather(read) if live is not None}

    @classmethod
    def _live_of_all(cls, aws: Aws, name: str, documents: Sequence[Mapping[str, Any]]) -> Live | None:
        first, *others = sorted(documents, key=cls._rank)
        twins = [cls._live(aws, name, document) for document in others]
        return cls._live(aws, name, first, tuple(twin for twin in twins if twin is not None))

    @classmethod
    def _rank(cls, document: Mapping[str, Any]) -> tuple[bool, str, str]:
        """What works goes before what is broken, then the older before the younger."""
        broken = cls.status_of(document)[0] is Status.BROKEN
        made = str(document[cls.shape.made]) if cls.shape.made else ""
        return broken, made, document[cls.shape.id]

    @classmethod
    def _live(cls, aws: Aws, name: str, document: Mapping[str, Any], twins: tuple[Live, ...] = ()) -> Live | None:
        resource = cls.of_document(aws, name, document)
        status, reason = cls.status_of(document)
        if resource is None or status is None:
            return None
        tags = unnamed(tags_from_list(document.get("Tags") or ()))
        thing_id = document[cls.shape.id]
        arn = f"arn:{aws.partition}:ec2:{aws.region}:{aws.account}:{cls.shape.type}/{thing_id}"
        outputs = {"arn": arn, "id": thing_id, "name": name, **cls.more_outputs(document)}
        return Live(resource, outputs, tags, status, reason, Seen(document, twins))

    def update(self, aws: Aws, update: Update) -> None:
        """End its twins first; then what differs."""
        twins = _twins(update.live)
        for twin in twins:
            type(self).delete(aws, twin, Removal())
        if not twins:
            self.change(aws, update)

    def differ(self, live: Live) -> tuple[FieldChange, ...]:
        """Say which twins stand beside it."""
        twins = tuple(twin.outputs["id"] for twin in _twins(live))
        return (FieldChange("twins", twins, (), drift=True),) if twins else ()

    @classmethod
    def owned(cls, aws: Aws, owner: str) -> list[Key]:
        """List by tag: one call finds the ids of all kinds, another their names."""
        ids = sorted(entry["ResourceId"] for entry in _tags(aws, {"key": [PIPELINE], "value": [owner]}))
        if not any(found.startswith(cls.shape.prefix) for found in ids):
            return []
        names: dict[str, str] = {}
        for start in range(0, len(ids), _FILTER_VALUES):
            entries = _tags(aws, {"key": [NAME], "resource-id": ids[start : start + _FILTER_VALUES]})
            names |= {entry["ResourceId"]: entry["Value"] for entry in entries}
        return [(names[found],) for found in ids if found.startswith(cls.shape.prefix) and found in names]

    def tagged(self, tags: Mapping[str, str]) -> list[dict[str, Any]]:
        """The tags of a create call: it is never there without them."""
        return [{"ResourceType": self.shape.type, "Tags": tag_list(named(tags, self.name))}]


def _twins(live: Live) -> tuple[Live, ...]:
    """Those of the same name; one that is only imagined was never seen, and has none."""
    return live.detail.twins if isinstance(live.detail, Seen) else ()


def _described(aws: Aws, shape: Shape, names: Sequence[str]) -> list[dict[str, Any]]:
    filters = [{"Name": f"tag:{NAME}", "Values": list(names)}, {"Name": "tag-key", "Values": [PIPELINE]}]
    params: dict[str, Any] = {shape.filters: filters}
    found: list[dict[str, Any]] = aws.pages("ec2", shape.list, shape.items, **params)
    return found


def _name_of(document: Mapping[str, Any]) -> str:
    return next(str(tag["Value"]) for tag in document["Tags"] if tag["Key"] == NAME)


def _tags(aws: Aws, filters: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    spelled = [{"Name": name, "Values": list(values)} for name, values in filters.items()]
    found: list[dict[str, str]] = aws.pages("ec2", "describe_tags", "Tags", Filters=spelled)
    return found
