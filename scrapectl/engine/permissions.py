"""What a kind says of its permissions: the IAM actions of each verb, and what they are judged on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Needs:
    """The IAM actions of each verb; the contract test compares them with the calls that were made.

    Attributes:
        given: Field → what only things that set it need besides at create and update.
    """

    read: tuple[str, ...] = ()
    create: tuple[str, ...] = ()
    update: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    owned: tuple[str, ...] = ()
    given: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Scopes:
    """What IAM judges a kind's actions on, for the least policy (`scrapectl policy`).

    A resource type of the service authorization reference ("batch:job-queue") goes to its ARNs after `arn:partition:`,
    with {region}, {account}, and what tells this instance's things from all others:

    - {owner}: the name holds the whole owner
    - {name}: it begins as all of the instance's do; another's may begin the same, so tags tell
    - {exact}: each name of the spec by itself, where AWS looks at no tags
    - {tagged}: AWS chose its id, so tags alone tell
    - {any}: nothing tells

    Attributes:
        types: Type → ARNs.
        passed_to: The service that gets the role in one of its fields; two, parted by a space, where AWS does not say
            under which of its names it asks.
        linked: Services whose own role AWS makes with the account's first thing of this kind.
        unseen: As `types`, how a read names a thing that is not there, where AWS knows its path by the thing alone;
            {base} is what the instance's names begin with.
    """

    types: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    passed_to: str = ""
    linked: tuple[str, ...] = ()
    unseen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
