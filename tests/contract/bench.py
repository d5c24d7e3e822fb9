"""Drives one kind through its verbs on an embedded cloud, as the engine does, and notes the calls of each verb."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scrapectl.aws.iam import actions_for
from scrapectl.aws.inventory import owned_keys
from scrapectl.aws.session import Session
from scrapectl.engine.diff import diff, fill_defaults
from scrapectl.engine.ownership import tag_difference, wanted_tags
from scrapectl.engine.resource import Desired, Key, Live, Removal, Resource, Status, Update
from scrapectl.local.clock import VirtualClock
from scrapectl.local.cloud import Cloud
from scrapectl.local.inprocess import Sent, record
from tests.current import session

REGION = "us-east-2"
STEPS = 60
FEW, MANY = 3, 30


@dataclass
class Bench:
    """One cloud and an empty folder; `calls` holds what each verb sent: read, create, update, delete, owned."""

    cloud: Cloud
    aws: Session
    folder: Path
    calls: dict[str, list[Sent]] = field(default_factory=dict)
    made: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sent = record(self.cloud)

    @contextlib.contextmanager
    def verb(self, name: str) -> Iterator[None]:
        """Note what is sent inside as this verb's."""
        before = len(self.sent.calls)
        yield
        self.calls.setdefault(name, []).extend(self.sent.calls[before:])

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """Make something that several resources stand on."""
        if name not in self.made:
            self.made[name] = make()
        return self.made[name]

    def read(self, want: Resource) -> Live | None:
        """Read it; None when it is gone, or as good as."""
        with self.verb("read"):
            live = type(want).read_many(self.aws, [want.key()]).get(want.key())
        return None if live is None or live.status is Status.RECOVERABLE else live

    def difference(self, want: Resource) -> set[str]:
        """The names of the fields that differ from what stands."""
        live = self.settled(want)
        assert live is not None, f"{want.key()} does not stand"
        with self.verb("read"):
            return {change.name for change in diff(want, live)}

    def put(self, want: Resource, owner: str, tags: Mapping[str, str] | None = None) -> Live:
        """Create or update until nothing differs."""
        desired = Desired(f"{want.kind}.x", want, "x", tags=tags or {})
        for _ in range(STEPS):
            live = self.settled(want)
            if live is not None and not self._differs(desired, live, owner):
                return live
            self._write(desired, live, owner)
            self.cloud.clock.advance(want.pace.first)
        raise AssertionError(f"{want.kind} does not come to rest: {self.difference(want)}")

    def end(self, want: Resource) -> None:
        """Delete until it is gone."""
        live = self.settled(want)
        for _ in range(STEPS):
            if live is None:
                return
            with self.verb("delete"):
                awaited = type(want).delete(self.aws, live, Removal(delete_data=True, kill=True))
            if awaited:
                self.cloud.clock.advance(max(10.0, want.pace.interval))
            live = self.settled(want)
        raise AssertionError(f"{want.kind} does not go")

    def settled(self, want: Resource) -> Live | None:
        """Read it once it is no longer busy."""
        for step in range(STEPS):
            live = self.read(want)
            if live is None or live.status is not Status.BUSY:
                return live
            self.cloud.clock.advance(max(10.0 if step < FEW else 60.0, want.pace.interval))
            if step > MANY:  # what ends with a process waits for that one, which no clock of ours hurries
                time.sleep(0.1)
        raise AssertionError(f"{want.kind} stays busy")

    def listed(self, kind: type[Resource], owner: str) -> set[Key]:
        """The keys of what an owner has, as the inventory finds them."""
        with self.verb("owned"):
            kind.owned(self.aws, owner)
        owned_keys(self.aws, {kind.kind: kind}, owner)  # the tagging API's index learns when it is asked,
        self.cloud.clock.advance(60)  # and is late
        return set(owned_keys(self.aws, {kind.kind: kind}, owner).get(kind.kind, ()))

    def actions(self, verb: str) -> set[str]:
        """The IAM actions of everything that a verb sent."""
        sent = self.calls.get(verb, [])
        return {action for call in sent for action in actions_for(call.service, call.operation, call.params)}

    def _differs(self, desired: Desired, live: Live, owner: str) -> bool:
        with self.verb("read"):
            if diff(desired.resource, live):
                return True
        wanted = wanted_tags(desired, owner)
        return desired.resource.carries_tags and tag_difference(wanted, live.tags).counts

    def _write(self, desired: Desired, live: Live | None, owner: str) -> None:
        want, tags = desired.resource, wanted_tags(desired, owner)
        if live is None:
            with self.verb("create"):
                want.create(self.aws, tags)
            return
        fields = diff(want, live)
        difference = tag_difference(tags, live.tags)
        with self.verb("update"):
            if fields:
                update = Update(live, frozenset(change.name for change in fields), tags)
                fill_defaults(want, live.resource).update(self.aws, update)
            else:
                want.retag(self.aws, live, difference.put, difference.drop)


@contextlib.contextmanager
def open_bench() -> Iterator[Bench]:
    """A new cloud, as strict and as slow as AWS, on a virtual clock."""
    cloud = Cloud(VirtualClock(), delays=True)
    try:
        aws = session(cloud, REGION)
        with tempfile.TemporaryDirectory() as folder:
            yield Bench(cloud, aws, Path(folder))
    finally:
        cloud.close()
