"""The databases of every warehouse of a cloud: one folder, one file each, gone with the cloud; statements in turn."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapectl.local.warehouses.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapectl.local.cloud import Cloud


@dataclass
class Kept:
    """One warehouse's databases by name, and the thread in which its statements run one after the other."""

    folder: Path
    databases: dict[str, Database] = field(default_factory=dict)
    worker: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "warehouse"))

    def database(self, name: str) -> Database:
        """Give a database, made when it is not there."""
        if name not in self.databases:
            self.databases[name] = Database(self.folder / f"{len(self.databases)}.duckdb")
        return self.databases[name]

    def soon(self, work: Callable[[], None]) -> Future[None]:
        """Have something done after all that was asked for before."""
        return self.worker.submit(work)

    def end(self) -> None:
        """End what runs, and forget everything."""
        for database in self.databases.values():
            database.interrupt()
        self.worker.shutdown(wait=True, cancel_futures=True)
        for database in self.databases.values():
            database.close()
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass
class Store:
    """Every warehouse of a cloud that was ever asked, by the ARN of what has its data."""

    kept: dict[str, Kept] = field(default_factory=dict)
    folder: Path | None = None
    numbers: Any = field(default_factory=itertools.count)

    def of(self, arn: str) -> Kept:
        """Give the databases of a warehouse."""
        if arn not in self.kept:
            if self.folder is None:
                raise AssertionError("a store has its folder from store_of")
            folder = self.folder / str(next(self.numbers))
            folder.mkdir(parents=True)
            self.kept[arn] = Kept(folder)
        return self.kept[arn]

    def forget(self, arn: str) -> None:
        """Drop a warehouse's data."""
        found = self.kept.pop(arn, None)
        if found is not None:
            found.end()

    def end(self) -> None:
        """Drop everything."""
        for arn in list(self.kept):
            self.forget(arn)
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def store_of(cloud: Cloud) -> Store:
    """Return the cloud's one store, in its folder, or in one that goes with it."""
    store = cloud.store(Store, "global")
    if store.folder is None:
        made = tempfile.mkdtemp(prefix="scrapectl-warehouses-", dir=cloud.state_dir)
        store.folder = Path(made)
        cloud.on_close(store.end)
    return store
