"""Turns one start of a loader into one load: the sources are chosen, checked, loaded and told of."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from loader import expect
from loader.choice import Choice, Chooser
from loader.document import Document, Place
from loader.problems import LoadFailed, LoadRefused
from loader.quarantine import Marks, keeper
from loader.records import FAILED, LOADED, REFUSED, SKIPPED, Record, Records, now
from loader.refusals import Refusals
from loader.sources import Source
from loader.start import Start
from loader.targets import Load, Loaded, Target, target_of

T = TypeVar("T")
TRIES = 4
LOOKS = 5  # at what is left to load, each after another load has been there first
PAUSE = 0.5  # seconds before the first other try, twice as many before each further one
Clients = Callable[[str], Any]


class Loading:
    """One start of a loader that reads objects.

    Args:
        clients: Gives a client of an AWS service by its name.
    """

    def __init__(self, document: Document, start: Start, clients: Clients, target: Target | None = None) -> None:
        self._document, self._start, self._s3 = document, start, clients("s3")
        self._target = target or target_of(document, clients)
        self._records = Records(self._s3, document)
        self._chooser = Chooser(document, start, self._s3, self._target)
        alone = document.mode == "replace"
        self._record = Record(document.loader, start.run, SKIPPED, now().isoformat(), alone=alone)

    def run(self) -> Record:
        """Load, and keep a record of it; whatever goes wrong with the load is in the record."""
        began, record, worth_keeping = time.monotonic(), self._record, True
        try:
            worth_keeping = self._load()
        except Exception as error:  # noqa: BLE001 - the record tells it, and the exit code
            fail(record, error)
            if isinstance(error, LoadRefused):
                self._mark(error)
                record.reason = f"{error}{self._all_or_nothing()}"
        finally:
            self._target.close()
        record.seconds = round(time.monotonic() - began, 3)
        if worth_keeping:
            keep(self._records, record)
        return record

    def _mark(self, refused: LoadRefused) -> None:
        """Let later loads leave alone what was refused; unmarked, it is refused once more."""
        try:
            Marks(self._s3, self._document).put(refused.sources, self._start.run, str(refused))
        except Exception as error:  # noqa: BLE001 - what was refused is told all the same
            print(f"what was refused could not be marked: {type(error).__name__}: {error}", flush=True)

    def _all_or_nothing(self) -> str:
        """Say of a table that would hold all objects why the others are not loaded, and what to do."""
        place = self._document.source
        if place is None or self._record.named or self._document.mode != "replace":
            return ""
        return (
            f"; replace loads all of s3://{place.bucket}/{place.prefix} or nothing: upload what is wrong anew, "
            "or delete it, and start the load again"
        )

    def _load(self) -> bool:
        """Load; False when there was nothing to load, of which no record is kept."""
        named = self._chooser.named()
        self._record.named = bool(named)
        self._record.sources = _as_sources(named)
        again(self._target, self._target.prepare)
        for _ in range(LOOKS):
            choice = again(self._target, self._chooser.choose)
            load = choice.load
            if not load.claims:
                return self._nothing(choice)
            self._tell(load.claims)
            self._check(load)
            refusals = refusals_of(self._document, self._s3, self._start.run)
            try:
                loaded = attempt(self._target, load, refusals)
            finally:
                self._record.refused, self._record.quarantine = refusals.count, refusals.kept_at
                refusals.close()
            if loaded.rows or loaded.superseded:
                self._done(choice, loaded)
                return True
        raise LoadFailed("other loads of the same sources were in the way each time")

    def _check(self, load: Load) -> None:
        """Check what is expected of the objects that are about to be loaded."""
        broken: list[str] = []
        blamed: list[tuple[str, str]] = []
        for one in self._document.expect:
            mine = [source for source in load.claims if self._below(source, one.prefix)]
            if mine:
                newest = max(source.time for source in mine)
                found = expect.breaches(self._document, one, expect.Look(mine, newest, self._records.counts))
                broken += found
                blamed += [source.identity for source in mine] if found else []
        if broken:
            raise LoadRefused("; ".join(broken), blamed)

    def _nothing(self, choice: Choice) -> bool:
        """Say why there is nothing to load: it stands already, by this very run or by another; or nothing is new."""
        record, known, gone = self._record, choice.known, _as_sources(choice.gone)
        record.sources = [{"source": one.source, "version": one.version, "rows": one.rows} for one in known] + gone
        if known and all(one.run == self._start.run for one in known):
            record.state, record.rows = LOADED, sum(one.rows or 0 for one in known)
            record.refused = sum(one.refused or 0 for one in known)
        else:
            record.reason = "loaded before" if known else "it is there no longer" if gone else "nothing new"
        if choice.waiting:
            record.reason = f"nothing new; {choice.waiting} refused before, which wait for a retry"
        if not known:
            self._check_age()
        return bool(known or gone)

    def _check_age(self) -> None:
        """Look at the age of what was loaded before, when nothing new has come."""
        broken: list[str] = []
        for one in self._document.expect:
            if one.max_age is not None and self._document.source is not None:
                listed = self._chooser.listed(Place(self._document.source.bucket, one.prefix))
                newest = max((found.time for found in listed), default=None)
                broken += expect.breaches(self._document, one, expect.Look([], newest, list))
        if broken:
            raise LoadRefused("; ".join(broken))

    def _below(self, source: Source, prefix: str) -> bool:
        place = self._document.source
        return place is not None and source.name.startswith(f"s3://{place.bucket}/{prefix}")

    def _tell(self, sources: Sequence[Source]) -> None:
        self._record.sources = _as_sources([one.identity for one in sources])

    def _done(self, choice: Choice, loaded: Loaded) -> None:
        record, load = self._record, choice.load
        if loaded.superseded:
            record.reason = "the table holds newer objects already"
            return
        self._tell(load.sources)
        for one, source in zip(record.sources, load.sources, strict=True):
            one["rows"] = loaded.rows.get(source.identity)
        record.sources += _as_sources(choice.gone)
        record.state, record.rows = LOADED, sum(loaded.rows.values())


def _as_sources(named: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Write objects, of which nothing is loaded yet, as a record has them."""
    return [{"source": name, "version": version, "rows": None} for name, version in named]


def attempt(target: Target, load: Load, refusals: Refusals) -> Loaded:
    """Load, again when the connection broke; nothing, when it broke after the commit or another load came before."""
    return again(target, lambda: target.load(load, refusals.anew()))


def again(target: Target, step: Callable[[], T]) -> T:
    """Take a step, and take it again when the connection broke: each of them may be taken twice."""
    for number in range(TRIES - 1):
        try:
            return step()
        except Exception as error:
            if not target.passing(error):
                raise
            target.close()
            time.sleep(PAUSE * 2**number)
    return step()


def refusals_of(document: Document, client: Any, run: str) -> Refusals:
    """Make what takes the rows that a load refuses."""
    return Refusals(document.bad_rows.most if document.bad_rows else None, keeper(client, document, run))


def fail(record: Record, error: Exception) -> None:
    """Tell in a record what went wrong, and whose fault it was."""
    record.state = REFUSED if isinstance(error, LoadRefused) else FAILED
    record.reason = str(error) if isinstance(error, (LoadRefused, LoadFailed)) else f"{type(error).__name__}: {error}"


def keep(records: Records, record: Record) -> None:
    """Keep a record; a load is not undone, nor failed, by its record."""
    try:
        records.put(record)
    except Exception as error:  # noqa: BLE001 - said above
        print(f"the record of run {record.run} could not be kept: {type(error).__name__}: {error}", flush=True)
