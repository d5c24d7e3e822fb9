"""A make-believe AWS: a dict with lag, busy states, refusals, steps and failing calls, on a virtual clock."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from scrapectl.engine.marks import Defaulted, Fixed, Identity, Secret
from scrapectl.engine.ownership import ON_DESTROY, PIPELINE
from scrapectl.engine.resource import Key, Live, Needs, Pace, Removal, Replace, Resource, Status, Update
from scrapectl.errors import AwsError


class VirtualClock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds


class InlineWorkers:
    """Runs submitted tasks one at a time, in an order that the seed decides; waiting moves the clock."""

    def __init__(self, clock: VirtualClock, rng: random.Random) -> None:
        self.clock = clock
        self.rng = rng
        self.tasks: list[tuple[Any, Callable[[], Any]]] = []
        self.most = 0

    @property
    def busy(self) -> int:
        return len(self.tasks)

    def close(self) -> None:
        assert not self.tasks

    def submit(self, token: Any, task: Callable[[], Any]) -> None:
        self.tasks.append((token, task))
        self.most = max(self.most, len(self.tasks))

    def next(self, timeout: float | None) -> tuple[Any, Any, BaseException | None] | None:
        if not self.tasks:
            self.clock.seconds += timeout or 0.0
            return None
        token, task = self.tasks.pop(self.rng.randrange(len(self.tasks)))
        self.clock.seconds += 0.05
        try:
            return token, task(), None
        except Exception as error:  # noqa: BLE001 - handed on, as Threads does
            return token, None, error


@dataclass
class Record:
    kind: str
    properties: dict[str, Any]
    tags: dict[str, str]
    number: int
    shown_at: float = 0.0
    ready_at: float = 0.0
    gone_at: float | None = None
    disabled: bool = False


@dataclass
class FakeAws:
    """`faults` maps the number of a changing call to what happens to it: refuse, throttle, lose before or after."""

    clock: VirtualClock
    things: dict[tuple[str, Key], Record] = field(default_factory=dict)
    faults: dict[int, str] = field(default_factory=dict)
    lag: float = 0.0
    settle: float = 0.0
    writes: int = 0
    reads: list[tuple[str, tuple[Key, ...]]] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    made: int = 0
    snapshots: list[str] = field(default_factory=list)
    works_until: dict[str, float] = field(default_factory=dict)  # name → when the work in it ends
    account: str = "1"
    region: str = "r"
    partition: str = "aws"
    local: bool = False

    def gather(self, tasks: Iterable[Callable[[], Any]]) -> list[Any]:
        return [task() for task in tasks]

    def call(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("the fake kinds call nothing")

    pages = tag = call

    def change(self, what: str, act: Callable[[], Any]) -> Any:
        self.writes += 1
        fault = self.faults.pop(self.writes, None)
        if fault == "throttle":
            raise AwsError("Rate exceeded", service="fake", operation=what, code="Throttling")
        if fault == "refuse":
            raise AwsError("no", service="fake", operation=what, code="ValidationException")
        if fault == "lose before":
            raise AwsError("gone", service="fake", operation=what, code="ConnectionClosedError", lost=True)
        self.log.append(what)
        answer = act()
        if fault == "lose after":
            raise AwsError("gone", service="fake", operation=what, code="ConnectionClosedError", lost=True)
        return answer

    def standing(self) -> dict[tuple[str, Key], Record]:
        now = self.clock.now()
        for thing in [t for t, r in self.things.items() if r.gone_at is not None and r.gone_at <= now]:
            del self.things[thing]
        return self.things

    def arn(self, record: Record, key: Key) -> str:
        return f"arn:fake:{record.kind}:{key[0]}"


def aws_of(aws: Any) -> FakeAws:
    assert isinstance(aws, FakeAws)
    return aws


@dataclass(frozen=True)
class Widget(Resource):
    """A plain thing: one field a call, when `stepwise`."""

    name: Identity[str]
    size: int = 1
    color: Fixed[str] = "red"
    link: Any = None
    others: tuple[Any, ...] = ()
    note: Defaulted[str] = None
    token: Secret[str] = None

    kind: ClassVar[str] = "widget"
    pace: ClassVar[Pace] = Pace(first=1, interval=2, limit=60)
    replace: ClassVar[Replace] = Replace.IN_PLACE
    needs: ClassVar[Needs] = Needs()
    stepwise: ClassVar[bool] = False

    @classmethod
    def read_many(cls, aws: Any, keys: Sequence[Key]) -> dict[Key, Live]:
        fake = aws_of(aws)
        fake.reads.append((cls.kind, tuple(keys)))
        now = fake.clock.now()
        found = {}
        for key in keys:
            record = fake.standing().get((cls.kind, key))
            if record is None or record.shown_at > now:
                continue
            busy = record.ready_at > now or record.gone_at is not None
            resource = cls(name=key[0], **record.properties)
            outputs = {"arn": fake.arn(record, key), "id": f"id-{record.number}", "name": key[0]}
            found[key] = Live(resource, outputs, dict(record.tags), Status.BUSY if busy else Status.READY)
        return found

    def create(self, aws: Any, tags: Mapping[str, str]) -> Live | None:
        fake = aws_of(aws)

        def act() -> None:
            key = self.key()
            if (self.kind, key) in fake.standing():
                raise AwsError("there already", service="fake", operation="create", code="AlreadyExists")
            self._must_stand(fake, self.link, *self.others)
            fake.made += 1
            now = fake.clock.now()
            properties = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "name"}
            properties["note"] = self.note or "chosen by AWS"
            record = Record(self.kind, properties, dict(tags), fake.made, now + fake.lag, now + fake.settle)
            fake.things[self.kind, key] = record

        fake.change(f"create {self.name}", act)
        return None

    @staticmethod
    def _must_stand(fake: FakeAws, *links: Any) -> None:
        arns = {fake.arn(record, key) for (_, key), record in fake.standing().items()}
        for link in links:
            assert link is None or isinstance(link, str), f"an unresolved reference was sent: {link}"
            if link is not None and link not in arns:
                raise AwsError(f"{link} does not exist", service="fake", operation="create", code="Dangling")

    def update(self, aws: Any, update: Update) -> None:
        fake = aws_of(aws)

        def act() -> None:
            record = fake.standing()[self.kind, self.key()]
            if record.ready_at > fake.clock.now():
                raise AwsError("busy", service="fake", operation="update", code="ValidationException")
            self._must_stand(fake, self.link, *self.others)
            changed = sorted(update.changed)[:1] if self.stepwise else sorted(update.changed)
            assert "color" not in changed, "a fixed field was updated"
            for name in changed:
                record.properties[name] = getattr(self, name)
            record.ready_at = fake.clock.now() + fake.settle

        fake.change(f"update {self.name} {','.join(sorted(update.changed))}", act)

    @classmethod
    def delete(cls, aws: Any, live: Live, removal: Removal) -> str | None:
        fake = aws_of(aws)
        key = live.resource.key()
        if removal.drains and fake.works_until.get(key[0], 0.0) > fake.clock.now():
            if removal.kill:
                fake.works_until[key[0]] = min(fake.works_until[key[0]], fake.clock.now() + 30)
            return "it waits for the end of the 1 job in it"

        def act() -> None:
            record = fake.standing().get((cls.kind, key))
            if record is None:
                return
            arn = fake.arn(record, key)
            for (_, other), held in fake.standing().items():
                links = (held.properties["link"], *held.properties["others"])
                if other != key and held.gone_at is None and arn in links:
                    raise AwsError(f"{key} is in use by {other}", service="fake", operation="delete", code="InUse")
            if cls.stepwise and not record.disabled:
                record.disabled = True
                record.properties["size"] = 0
                record.ready_at = fake.clock.now() + fake.settle
            else:
                record.gone_at = fake.clock.now() + fake.settle

        fake.change(f"delete {key[0]}", act)
        return None

    @classmethod
    def retag(cls, aws: Any, live: Live, put: Mapping[str, str], drop: Sequence[str]) -> None:
        fake = aws_of(aws)

        def act() -> None:
            tags = fake.standing()[cls.kind, live.resource.key()].tags
            for name in drop:
                tags.pop(name, None)
            tags.update(put)

        fake.change(f"tag {live.resource.key()[0]}", act)

    @classmethod
    def owned(cls, aws: Any, owner: str) -> list[Key]:
        things = aws_of(aws).standing().items()
        return [key for (kind, key), record in things if kind == cls.kind and record.tags.get(PIPELINE) == owner]


@dataclass(frozen=True)
class Gadget(Widget):
    """Changes one field a call, is disabled before it goes, and never changes colour under one name."""

    kind: ClassVar[str] = "gadget"
    stepwise: ClassVar[bool] = True
    replace: ClassVar[Replace] = Replace.REFUSED


@dataclass(frozen=True)
class Crate(Widget):
    """Holds data: `size` counts what is in it."""

    kind: ClassVar[str] = "crate"
    holds_data: ClassVar[bool] = True
    contents_name: ClassVar[tuple[str, str]] = ("object", "objects")

    @classmethod
    def remains_of(cls, live: Live) -> str:
        return "a snapshot" if live.tags.get(ON_DESTROY) == "snapshot" else ""

    @classmethod
    def delete(cls, aws: Any, live: Live, removal: Removal) -> str | None:
        if live.tags.get(ON_DESTROY) == "snapshot":
            aws_of(aws).snapshots.append(live.resource.key()[0])
        return super().delete(aws, live, removal)

    @classmethod
    def contents(cls, aws: Any, live: Live) -> int:
        del aws
        size = vars(live.resource)["size"]
        return int(size)


KINDS: dict[str, type[Resource]] = {kind.kind: kind for kind in (Widget, Gadget, Crate)}
