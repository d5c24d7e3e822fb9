"""The types that every kind is written in: a resource's marked fields and verbs, what is wanted, what is live."""

from __future__ import annotations

import abc
import enum
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from scrapectl.engine.asked import Aws as Aws  # noqa: PLC0414 - kinds take all their words from here
from scrapectl.engine.marks import Mark, fields_with
from scrapectl.engine.permissions import Needs as Needs  # noqa: PLC0414 - the same
from scrapectl.engine.permissions import Scopes as Scopes  # noqa: PLC0414 - the same

if TYPE_CHECKING:
    from scrapectl.errors import Place

T = TypeVar("T")
Key = tuple[str, ...]


class Status(enum.StrEnum):
    """What a read says of a resource. RECOVERABLE: deleted, its name still held; create brings it back."""

    READY = "READY"
    BUSY = "BUSY"
    BROKEN = "BROKEN"
    RECOVERABLE = "RECOVERABLE"


@dataclass(frozen=True)
class Pace:
    """How to wait for a kind, in seconds: the first look after a write, the interval, the limit (AWS-FACTS §19)."""

    first: float = 0.0
    interval: float = 2.0
    limit: float = 120.0


@dataclass(frozen=True)
class Listing:
    """The owning service's own list of a kind, for destroy: the tagging API may not know a thing yet.

    `names` is the member of each entry that holds its name, or an ARN or URL that ends in it; "" when the entries are
    such texts themselves.
    """

    service: str
    operation: str
    items: str
    names: str
    params: Mapping[str, Any] = field(default_factory=dict)


class Replace(enum.Enum):
    """What happens when a fixed field differs under an unchanged name."""

    IN_PLACE = "in place"  # a leaf that nothing holds: deleted, then created again
    REFUSED = "refused"  # others hold it, or it holds data: the user is told the way out


@dataclass(frozen=True)
class Update:
    """One step of an update: what stands, which fields differ, and all our tags as they shall be."""

    live: Live
    changed: frozenset[str]
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Removal:
    """What a delete may take with it: `delete_data` allows the contents of what holds data to go.

    `drains`: what runs in a thing that goes is waited for; else it is ended with it. `kill`: it is told to end first.
    """

    delete_data: bool = False
    drains: bool = True
    kill: bool = False


@dataclass(frozen=True)
class FieldChange:
    """One field that differs. `fixed`: AWS cannot change it. `unknown`: known after apply. `hidden`: a secret."""

    name: str
    before: Any
    after: Any
    fixed: bool = False
    unknown: bool = False
    hidden: bool = False
    drift: bool = False


class Resource(abc.ABC):
    """One kind of AWS resource: subclasses are frozen dataclasses whose fields are its properties.

    The same class holds what is wanted (fields may hold `Ref` and `Text` at any depth) and what is live, in one
    canonical form, so that the comparison is written once. None means absent.
    """

    kind: ClassVar[str]
    pace: ClassVar[Pace] = Pace()
    needs: ClassVar[Needs] = Needs()
    scopes: ClassVar[Scopes] = Scopes()
    replace: ClassVar[Replace] = Replace.REFUSED
    tags_in_update: ClassVar[bool] = False
    """`update` writes `Update.tags` itself, so that `retag` is called only when nothing else differs."""
    holds_data: ClassVar[bool] = False
    """People's data is in it: `on_destroy` rules what destroy, replacement and removal do."""
    gone_at_once: ClassVar[bool] = False
    """A delete that was answered is the end of it: no look is needed (a schedule, a role)."""
    contents_name: ClassVar[tuple[str, str]] = ("thing", "things")
    """What `contents` counts: one of them, and several."""
    tells_the_spec: ClassVar[bool] = False
    """The user names it, so that one pipeline's spec is known from another's by it (a job, a bucket)."""
    acts: ClassVar[bool] = False
    """It starts work or runs it (schedules, queues): it ends before what that work uses."""
    kill_ends_its_wait: ClassVar[bool] = True
    """What its delete waits for are jobs, which `--kill` ends; False: AWS alone takes it away."""
    remains: ClassVar[str] = ""
    """What AWS keeps of it after a delete, told by destroy."""
    named_by_tag: ClassVar[bool] = False
    """AWS knows it by an id, we by its tag Name: no tag Name of the user's goes on it."""
    carries_tags: ClassVar[bool] = True
    """False: nothing of it can say whose it is; it goes with what holds it, and is never a leftover (an image)."""
    names_its_owner: ClassVar[bool] = False
    """Nothing can be put on it, but its name tells whose it is: a read gives that one tag (an entry of a bucket)."""
    sweep: ClassVar[str | None] = None
    """How the Resource Groups Tagging API's ARNs of this kind begin after `arn:partition:` (with {region}, {account}
    filled in by the inventory), e.g. "batch:{region}:{account}:job-queue/"; None: it does not know this kind."""

    listing: ClassVar[Listing | None] = None
    """How the service itself lists all of this kind, by name."""
    owned_lists_all: ClassVar[bool] = False
    """`owned` names everything that stands where this owner's things can stand (a group's schedules): what it does
    not name is absent, and is not read."""

    def key(self) -> Key:
        """The values of the identity fields, in declared order."""
        return tuple(str(getattr(self, name)) for name in fields_with(type(self), Mark.IDENTITY))

    @classmethod
    def read_many(cls, aws: Aws, keys: Sequence[Key]) -> dict[Key, Live]:
        """Read those that stand, in as few calls as AWS allows; absent keys are left out."""
        answers = aws.gather([functools.partial(cls.read, aws, key) for key in keys])
        return {key: live for key, live in zip(keys, answers, strict=True) if live is not None}

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Read one. Kinds implement this, or `read_many` where AWS has a bulk call."""
        return cls.read_many(aws, [key]).get(key)

    @abc.abstractmethod
    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it, with its tags in the same call; a `Live` when the answer is whole and the thing READY at once."""

    @abc.abstractmethod
    def update(self, aws: Aws, update: Update) -> None:
        """Do what AWS allows now towards `self`; the engine reads, and calls again with what is left."""

    @classmethod
    @abc.abstractmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> str | None:
        """Do what AWS allows now towards its end; the engine reads, and calls again until it is gone.

        A text says what must end first (as a sentence about it): nothing of it was deleted, and the engine reads and
        calls again after the kind's interval, however long that takes.
        """

    @classmethod
    def retag(cls, aws: Aws, live: Live, put: Mapping[str, str], drop: Sequence[str]) -> None:
        """Set and remove tags on what stands."""
        aws.tag(live.outputs["arn"], put, drop)

    @classmethod
    def owned(cls, aws: Aws, owner: str) -> list[Key]:
        """Keys of this owner's things, for kinds that the tagging API does not know; filtered by exact owner."""
        del aws, owner
        return []

    @classmethod
    def key_of_arn(cls, arn: str) -> Key | None:
        """The key of a thing that the tagging API named; None when it is none of this kind."""
        del arn
        return None

    @classmethod
    def contents(cls, aws: Aws, live: Live) -> int:
        """How many things of the user are in it (objects of a bucket); asked only before it would go."""
        del aws, live
        return 0

    def fixed(self, live: Live) -> frozenset[str]:
        """Fields that AWS fixes in this very case, besides those marked `Fixed`."""
        del live
        return frozenset()

    def way_out(self, live: Live) -> str:
        """What to do instead of a change that AWS does not make here; "": what the planner says of any."""
        del live
        return ""

    @classmethod
    def remains_of(cls, live: Live) -> str:
        """What AWS keeps of this one after a delete."""
        del live
        return cls.remains

    @classmethod
    def as_planned(cls, live: Live, planned: Live) -> Live:
        """Keep to what the plan said of its end (the name of what remains), now that it was looked at again."""
        del planned
        return live

    def given(self, live: Live) -> Self:
        """What is wanted now that this stands: someone's pause keeps a schedule from starting."""
        del live
        return self

    def told(self, live: Live, changes: tuple[FieldChange, ...]) -> tuple[str, ...]:
        """What the plan notes of it: what holds it back, or how AWS carries these changes out (with a restart)."""
        del live, changes
        return ()

    @classmethod
    def stands_in(cls, live: Live) -> tuple[str, ...]:
        """ARNs of what holds it and that no field names (a schedule's group): they end after it."""
        del live
        return ()

    def differ(self, live: Live) -> tuple[FieldChange, ...]:
        """What differs from what is live beyond the fields themselves (revisions to be dropped); usually nothing."""
        del live
        return ()


@dataclass(frozen=True)
class Live:
    """What AWS has: properties in the kind's canonical form, outputs (at least "arn"), tags as they are."""

    resource: Resource
    outputs: Mapping[str, str]
    tags: Mapping[str, str] = field(default_factory=dict)
    status: Status = Status.READY
    reason: str = ""
    detail: Any = None  # the kind's own: what its update and delete must know and no field says


@dataclass(frozen=True)
class Desired:
    """A resource that the spec wants: where it comes from, and what shall happen to it in the end."""

    address: str
    resource: Resource
    origin: str
    where: Place | None = None
    places: Mapping[str, Place] = field(default_factory=dict)  # field name → where the spec sets it
    tags: Mapping[str, str] = field(default_factory=dict)  # the user's
    on_destroy: str = "delete"
    common: bool = False  # stands in any spec of this pipeline's name, so that it proves no kinship
    after: tuple[str, ...] = ()  # addresses that come first though no field says so
    notes: tuple[str, ...] = ()
    written: Resource | None = None  # as the spec has it, where what stands bends it (`Resource.given`)
