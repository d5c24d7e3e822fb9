"""Turns messages of a queue into one load: those that do not fit are given back alone, and the others load."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from loader.document import Document
from loader.load import again, attempt, fail, keep, refusals_of
from loader.problems import LoadFailed, LoadRefused
from loader.records import LOADED, REFUSED, SKIPPED, Record, Records, now
from loader.refusals import Refusals
from loader.sources import Source
from loader.targets import Known, Load, Target, in_time, target_of

_TRIES = 5
Clients = Callable[[str], Any]


class Batch:
    """One batch of messages.

    Attributes:
        record: What came of it.
        poison: The messages that do not fit, by their ids, and why.
    """

    def __init__(
        self, document: Document, run: str, sources: Sequence[Source], clients: Clients, target: Target | None = None
    ) -> None:
        self._document, self._run, self._s3 = document, run, clients("s3")
        self._sources = sorted({source.identity: source for source in sources}.values())
        self._target = target or target_of(document, clients)
        self._records = Records(self._s3, document)
        self.record = Record(document.loader, run, SKIPPED, now().isoformat())
        self.poison: dict[str, str] = {}
        self._known: list[Known] = []

    def run(self) -> Record:
        """Load what fits, and keep a record; a second one of what does not fit.

        A failure that is not the messages' fault is in the record: then all of them are to come again.
        """
        began, record = time.monotonic(), self.record
        try:
            again(self._target, self._target.prepare)
            self._load()
        except Exception as error:  # noqa: BLE001 - the record tells it
            fail(record, error)
        finally:
            self._target.close()
        record.seconds = round(time.monotonic() - began, 3)
        keep(self._records, record)
        if self.poison:
            self._tell_poison()
        return record

    def _load(self) -> None:
        for _ in range(_TRIES + len(self._sources)):  # the table may refuse them one after the other
            new = self._new()
            fitting = self._fitting(new)
            self._tell(self._sources)
            if not fitting:
                self._stands()
                return
            refusals = refusals_of(self._document, self._s3, self._run)
            load = Load(fitting, in_time(fitting), max(one.time for one in fitting), self._run)
            try:
                loaded = attempt(self._target, load, refusals)
            except LoadRefused as refused:  # by the table itself: a unique key, a check
                if not refused.sources:
                    raise
                self.poison |= dict.fromkeys((version for _, version in refused.sources), str(refused))
                continue
            finally:
                self.record.refused, self.record.quarantine = refusals.count, refusals.kept_at
                refusals.close()
            if loaded.rows:
                self._done({version: count for (_, version), count in loaded.rows.items()})
                return
        raise LoadFailed("other loads of the same messages were in the way each time")

    def _stands(self) -> None:
        """All that fits is in the ledger: by a try of this very run, or by another."""
        mine = {one.version: one.rows for one in self._known if one.run == self._run}
        if mine:
            self._done(mine)
        elif not self.poison:
            self.record.reason = "loaded before"

    def _new(self) -> list[Source]:
        """Leave out what the ledger holds, and what was found not to fit."""
        names, versions = {one.name for one in self._sources}, [one.version for one in self._sources]
        self._known = again(self._target, lambda: self._target.known(sorted(names), versions))
        held = {(one.source, one.version) for one in self._known}
        return [one for one in self._sources if one.identity not in held and one.version not in self.poison]

    def _fitting(self, sources: list[Source]) -> list[Source]:
        """Leave out the messages with rows that do not fit, unless there is a place for so many rows."""
        poison: dict[str, str] = {}
        refused = 0
        for source in sources:
            refusals = _Counted()
            for _ in self._target.rows(refusals).of(source):
                pass
            refused += refusals.count
            if refusals.count:
                poison[source.version] = refusals.reason
        most = self._document.bad_rows.most if self._document.bad_rows else 0
        if refused > most:
            self.poison |= poison
        return [one for one in sources if one.version not in self.poison]

    def _tell(self, sources: Sequence[Source]) -> None:
        told = [one for one in sources if one.version not in self.poison]
        self.record.sources = [{"source": one.name, "version": one.version, "rows": None} for one in told]

    def _done(self, rows: Mapping[str, int]) -> None:
        for one in self.record.sources:
            one["rows"] = rows.get(one["version"])
        self.record.state, self.record.rows = LOADED, sum(rows.values())

    def _tell_poison(self) -> None:
        reason = (
            f"{len(self.poison)} messages do not fit and were given back; the first: {next(iter(self.poison.values()))}"
        )
        sources = [one for one in self._sources if one.version in self.poison]
        told = [{"source": one.name, "version": one.version, "rows": None} for one in sources]
        record = replace(
            self.record,
            state=REFUSED,
            sources=told,
            rows=0,
            refused=len(sources),
            reason=reason,
            run=f"{self._run}-back",
        )
        print(record.line(), flush=True)
        keep(self._records, record)


class _Counted(Refusals):
    """Counts what does not fit, and goes on."""

    def __init__(self) -> None:
        super().__init__(None)
        self.reason = ""

    def add(self, bad: Any) -> None:
        """Count a row."""
        self.count += 1
        self.reason = self.reason or str(bad)
