"""Turns what started a loader, and what its ledger holds, into the sources of one load."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from loader.document import Document, Place
from loader.problems import LoadFailed, SourceChanged
from loader.quarantine import Marks
from loader.records import Records, now
from loader.sources import Source
from loader.sources.objects import Listed, Objects
from loader.start import Start
from loader.targets import Known, Load, Target, in_time


@dataclass(frozen=True)
class Choice:
    """What a start is to load.

    Attributes:
        known: What the ledger holds already: of objects that were named, or of all, what this very run has loaded.
        waiting: How many new objects are left alone, because another run has refused them.
        gone: Names and versions of those that were to be loaded again, and that somebody has deleted.
    """

    load: Load
    known: Sequence[Known] = ()
    waiting: int = 0
    gone: Sequence[tuple[str, str]] = ()


class Chooser:
    """Chooses objects, anew each time it is asked: the ledger may have grown meanwhile."""

    def __init__(self, document: Document, start: Start, client: Any, target: Target) -> None:
        self._document, self._start, self._target = document, start, target
        self._objects = Objects(client, writes=document.mode != "append")
        self._records, self._marks = Records(client, document), Marks(client, document)

    def named(self) -> list[tuple[str, str]]:
        """Say which objects, in which versions, the start names: an upload, or a record's; none where all are meant."""
        start, place = self._start, self._document.source
        if start.retry:
            told = self._records.of(start.retry)
            whole = self._document.mode == "replace" and not told.get("named")
            return [] if whole else [(one["source"], one["version"]) for one in told["sources"]]
        # An upload elsewhere started a workflow of which this load is a step.
        if place and start.key and start.bucket == place.bucket and start.key.startswith(place.prefix):
            return [(f"s3://{start.bucket}/{start.key}", start.version)]
        return []

    def choose(self) -> Choice:
        """Choose what the start names, or all that the ledger lacks."""
        if self._document.source is None:
            raise LoadFailed("this loader reads a queue, and was started for objects")
        if named := self.named():
            return self._named(named)
        return self._all(self._document.source)

    def listed(self, place: Place) -> list[Listed]:
        """List the objects below a place, but for what the loader itself has put there."""
        bad = self._document.bad_rows
        ours = (self._document.staging, *((bad.place,) if bad else ()))
        return list(self._objects.listed(place, tuple(one for one in ours if one.prefix != place.prefix)))

    def _named(self, named: list[tuple[str, str]]) -> Choice:
        sources, gone = list[Source](), list[tuple[str, str]]()
        for each in named:
            try:
                sources.append(self._objects.again(*each))
            except SourceChanged:
                if not self._start.retry:
                    raise
                gone.append(each)
        found = self._target.known([one.name for one in sources])
        held = {(one.source, one.version): one for one in found}
        claims = sorted(one for one in sources if one.identity not in held)
        known = [held[one.identity] for one in sources if one.identity in held]
        return Choice(self._load(claims, claims, [one.time for one in sources]), known, gone=gone)

    def _all(self, place: Place) -> Choice:
        listed = self.listed(place)
        ledger = self._target.known([one.name for one in listed])
        held = {(one.source, one.version) for one in ledger}
        new = self._new(listed, ledger)
        fresh = {one.name: one for one in self._unmarked(new) if one.identity not in held}
        sources = claims = sorted(fresh.values())
        if claims and self._document.mode == "replace":
            at_hand = {one.name: one for one in new}
            sources = [at_hand.get(one.name) or self._objects.named(one.bucket, one.key) for one in listed]
            claims = sorted(one for one in sources if one.identity not in held)
        mine = [one for one in ledger if one.run == self._start.run]  # by a try of this run that did not live to say so
        return Choice(self._load(claims, sources, [one.time for one in listed]), mine, waiting=len(new) - len(fresh))

    def _new(self, listed: list[Listed], ledger: list[Known]) -> list[Source]:
        """Look at those objects that the ledger may lack: a listing tells no versions, but content and time."""
        known = defaultdict(list)
        for one in ledger:
            known[one.source, one.etag].append(one)
        append = self._document.mode == "append"
        return [
            self._objects.named(one.bucket, one.key)
            for one in listed
            if not any(
                _second(held.time) == _second(one.time) or (append and held.version == one.etag)
                for held in known[one.name, one.etag]
            )
        ]

    def _unmarked(self, sources: list[Source]) -> list[Source]:
        whole = self._start.retry and self._document.mode == "replace"
        marks = set() if whole else self._marks.all()
        return [one for one in sources if not self._marks.by_another(marks, one.identity, self._start.run)]

    def _load(self, claims: list[Source], sources: list[Source], times: list[datetime]) -> Load:
        return Load(claims, in_time(sources), max(times, default=now()), self._start.run)


def _second(moment: datetime | None) -> int:
    """S3 tells no more than seconds."""
    return int(moment.timestamp()) if moment else -1
