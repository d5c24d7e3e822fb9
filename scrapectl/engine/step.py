"""One thing on its way to what is wanted: what to write next, and what a look at it means (no AWS service named)."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scrapectl.engine.diff import diff, fill_defaults
from scrapectl.engine.ownership import KEPT, ON_DESTROY, owner_of, tag_difference, wanted_tags
from scrapectl.engine.plan import Change, Verb
from scrapectl.engine.resource import Aws, Desired, FieldChange, Key, Live, Removal, Resource, Status, Update
from scrapectl.engine.values import Ref, resolve
from scrapectl.errors import ScrapectlError


@dataclass(frozen=True)
class Done:
    """It is as wanted: `live` as read back, None when it is gone."""

    live: Live | None


@dataclass(frozen=True)
class Failed:
    """It will not be as wanted, and why."""

    why: str


@dataclass(frozen=True)
class Wait:
    """Come back in so many seconds: to look (True) or to write again."""

    seconds: float
    look: bool
    text: str = ""
    retry: bool = False


BROKEN_LOOKS = 4
"""How often a thing may be found broken after a write."""
BROKEN_WRITES = 4
"""How often it is then written: what it stands on may have been made with it (a service's own role, a group)."""

Verdict = Done | Wait | Failed
RetryAfter = Callable[[ScrapectlError, int], float | None]


class Step(abc.ABC):
    """What both verbs share: errors that heal, and how long to wait for what AWS is making."""

    verb: Verb
    unfinished = "AWS may still be at it; the next apply meets it again"

    def __init__(self, kind: type[Resource], key: Key, change: Change) -> None:
        self.kind = kind
        self.key = key
        self.change = change
        self.pace = kind.pace
        self.tries = 0
        self.deadline: float | None = None

    @abc.abstractmethod
    def write(self, aws: Aws) -> Any:
        """Send what AWS takes now; runs in a worker."""

    @abc.abstractmethod
    def wrote(self, result: Any, now: float) -> Verdict:
        """The write was answered."""

    @abc.abstractmethod
    def saw(self, live: Live | None, now: float) -> Verdict:
        """A look was answered."""

    def failed(self, error: BaseException, now: float, retry_after: RetryAfter) -> Verdict:
        """A call failed: try again later when that can heal it."""
        del now
        if not isinstance(error, ScrapectlError):
            return Failed(f"{type(error).__name__}: {error}")
        self.tries += 1
        self.after_failure(error)
        seconds = retry_after(error, self.tries)
        if seconds is None:
            return Failed(_with_hint(error))
        return Wait(seconds, look=False, text=str(error), retry=True)

    def after_failure(self, error: ScrapectlError) -> None:
        """Learn from a failure what the next try must do first."""
        del error  # a delete is repeated as it is

    def wait(self, now: float, text: str = "") -> Verdict:
        """Look again after the kind's interval, until its limit."""
        if self.deadline is None:
            self.deadline = now + self.pace.limit
        if now >= self.deadline:
            return Failed(f"{text or 'it did not settle'} after {self.pace.limit:.0f} s")
        return Wait(self.pace.interval, look=True, text=text)

    def first_look(self, now: float) -> Verdict:
        """Look soon after a write; the kind's limit counts from here."""
        self.deadline = now + self.pace.limit
        return Wait(self.pace.first, look=True)


class PutStep(Step):
    """Creates or updates until no difference is left."""

    verb = Verb.PUT

    def __init__(
        self, kind: type[Resource], key: Key, change: Change, owner: str, lookup: Callable[[Ref], str | None]
    ) -> None:
        super().__init__(kind, key, change)
        if change.desired is None:
            raise AssertionError(f"{change.address} is put without being desired")
        self.desired: Desired = change.desired
        self.owner = owner
        self.lookup = lookup
        self.live = change.live if change.old_key is None else None
        if self.live is not None and self.live.status is Status.RECOVERABLE:
            self.live = None
        self.look_first = False
        self.wrote_once = False
        self.before: tuple[FieldChange, ...] | None = None
        self.broken_looks = 0

    def write(self, aws: Aws) -> Live | None:
        """Create it, or send the next part of its update; a `Live` when that is the end of it.

        What someone else's change still moves is looked at first: AWS would refuse ours meanwhile.
        """
        want = self.wanted()
        self.key = want.resource.key()  # a part of it may be an id that only AWS knew
        tags = wanted_tags(want, self.owner)
        if self.look_first:
            self.live = self.kind.read_many(aws, [self.key]).get(self.key)
            self._must_be_ours()
            self.look_first = False
        if self.live is None or self.live.status is Status.RECOVERABLE:
            self.wrote_once = True
            return want.resource.create(aws, tags)
        if self.live.status is Status.BUSY:
            return None
        self.wrote_once = True
        return self._write_update(aws, want, tags, self.live)

    def _write_update(self, aws: Aws, want: Desired, tags: dict[str, str], live: Live) -> Live | None:
        fields = diff(want.resource, live)
        if fields:
            filled = fill_defaults(want.resource, live.resource)
            filled.update(aws, Update(live, frozenset(f.name for f in fields), tags))
            self.before = fields
            return None
        if want.resource.carries_tags:
            difference = tag_difference(tags, live.tags)
            if difference.put or difference.drop:
                want.resource.retag(aws, live, difference.put, difference.drop)
        return dataclasses.replace(live, tags=tags)

    def wanted(self) -> Desired:
        """What the spec wants of it, with the references put in that are known by now."""
        resource, written = resolve((self.desired.resource, self.desired.written), self.lookup)
        return dataclasses.replace(self.desired, resource=resource, written=written)

    def _must_be_ours(self) -> None:
        if self.live is not None and self.kind.carries_tags and owner_of(self.live) != self.owner:
            raise ScrapectlError(f"{self.change.address} was made by someone else in the meantime.")

    def wrote(self, result: Any, now: float) -> Verdict:
        """An answer that is whole ends it; else it is read back."""
        if isinstance(result, Live):
            return Done(result)
        return self.first_look(now)

    def saw(self, live: Live | None, now: float) -> Verdict:
        """Nothing differs: done. Something differs and moved: write on. Nothing moved: wait, to the limit."""
        if live is None:
            return self._unseen(now)
        if live.status is Status.BUSY:
            self.live = live
            return self.wait(now, live.reason)
        want = self.wanted()
        fields = diff(want.resource, live)
        if not fields and not self._tags_differ(want, live):
            return Done(live)
        if live.status is Status.BROKEN and self.before is not None:
            return self._broken(live, now)
        if fields and fields == self.before:
            return self._not_taken(fields, now)
        self.live = live
        return Wait(0.0, look=False)

    def _unseen(self, now: float) -> Verdict:
        """What we made is waited for; what was on its way out when we came has gone, and is made anew."""
        if self.wrote_once:
            self.look_first = True
            return self.wait(now, "AWS does not show it yet")
        self.live = None
        return Wait(0.0, look=False)

    def _tags_differ(self, want: Desired, live: Live) -> bool:
        if not self.kind.carries_tags:
            return False
        difference = tag_difference(wanted_tags(want, self.owner), live.tags)
        return bool(difference.put or difference.drop)

    def _broken(self, live: Live, now: float) -> Verdict:
        """Broken after our write: AWS may need a moment, or not see yet what it stands on; then it is sent again."""
        self.broken_looks += 1
        why = live.reason or "AWS says that it is broken"
        if self.broken_looks % BROKEN_LOOKS:
            return self.wait(now, why)
        if self.broken_looks >= BROKEN_LOOKS * BROKEN_WRITES:
            return Failed(why)
        self.live = live
        return Wait(0.0, look=False, text=why)

    def _not_taken(self, fields: tuple[FieldChange, ...], now: float) -> Verdict:
        names = ", ".join(change.name for change in fields)
        return self.wait(now, f"AWS did not take {names}")

    def after_failure(self, error: ScrapectlError) -> None:
        """Look before a create is repeated: one of its calls may have been carried out."""
        del error
        self.look_first = True


class EndStep(Step):
    """Deletes until a look finds nothing; or marks as kept what shall stay."""

    verb = Verb.END

    def __init__(self, kind: type[Resource], key: Key, change: Change, removal: Removal) -> None:
        super().__init__(kind, key, change)
        if change.live is None:
            raise AssertionError(f"{change.address} is ended without standing")
        self.live: Live = change.live
        self.planned = change.live
        self.removal = removal
        self.awaited = ""  # what must end first, as it was told last

    def write(self, aws: Aws) -> str | None:
        """Send what AWS takes now towards its end; a text when something must end of itself first."""
        if self.change.keep:
            self.kind.retag(aws, self.live, {KEPT: "true"}, ())
            return None
        if self.live.status is Status.BUSY:  # AWS would refuse it until what is under way has ended
            return None
        return self.kind.delete(aws, self.live, self.removal)

    def wrote(self, result: Any, now: float) -> Verdict:
        """A kept thing is done with, and so is one whose delete is the end of it; else look whether it is gone."""
        if isinstance(result, str):
            return self._drain(result)
        self.awaited, self.unfinished = "", Step.unfinished
        held_back = self.live.status is Status.BUSY  # nothing was sent
        if self.change.keep or (self.kind.gone_at_once and not held_back):
            return Done(None)
        return Wait(self.pace.first, look=True) if self.deadline is not None else self.first_look(now)

    def _drain(self, awaited: str) -> Verdict:
        """Wait for what must end first: without a limit, errors between not added up; told when it moves."""
        text = "" if awaited == self.awaited else awaited
        if text and not self.kind.kill_ends_its_wait:
            text += "; Ctrl-C is safe"
        elif text and self.removal.drains and not self.removal.kill:
            text += "; Ctrl-C is safe, --kill ends them"
        self.awaited, self.unfinished = awaited, f"{awaited}; the next apply goes on waiting"
        self.deadline, self.tries = None, 0
        return Wait(self.pace.interval, look=True, text=text)

    def saw(self, live: Live | None, now: float) -> Verdict:
        """Gone: done. Busy: wait. Else: the next part of its end."""
        if live is None or live.status is Status.RECOVERABLE:
            return Done(None)
        if live.status is Status.BUSY:
            self.live = live
            return self.wait(now, live.reason)
        if ON_DESTROY in self.planned.tags:  # what the spec says now outranks what was last applied
            live = dataclasses.replace(live, tags={**live.tags, ON_DESTROY: self.planned.tags[ON_DESTROY]})
        live = self.kind.as_planned(live, self.planned)
        moved = live != self.live
        self.live = live
        if moved or self.awaited:
            return Wait(0.0, look=False)
        waited = self.wait(now, "it is still there")
        return Wait(waited.seconds, look=False) if isinstance(waited, Wait) else waited


def _with_hint(error: ScrapectlError) -> str:
    return f"{error} {error.hint}" if error.hint else str(error)
