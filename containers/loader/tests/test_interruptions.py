"""A thousand random interruptions of the loader: every row stands exactly once, the ledger agrees, nothing is half.

Stories of ten interruptions each, on a real PostgreSQL: connections cut at any byte, commits that never came or whose
answer never came, S3 that fails before or after it has done what was asked, the same news twice, at once, in another
order. After each of them the table holds all rows of the sources in the ledger and none of others; in the end, when all
has been delivered again, it holds all rows. `test_kills` does the same with processes that are killed.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ReadTimeoutError
from cut_proxy import Cut, Proxy
from loader import document as documents
from loader import load
from loader.batch import Batch
from loader.load import Loading
from loader.records import Record
from loader.sources.messages import message
from loader.start import Start
from loader_scene import SOURCE, STAGING, Scene, declared
from moto.server import ThreadedMotoServer

ALL = os.environ.get("SCRAPECTL_FAULTS") == "all"
STORIES, KILLS = (90, 100) if ALL else (4, 3)
EACH = 10  # interruptions of a story
COLUMNS = declared({"id": "varchar(40) not null", "who": "varchar(20)", "number": "integer"})
OBJECTS, MESSAGES = 4, 8


class Killed(BaseException):
    """The process is gone, as far as it can be within one."""


class Failing:
    """A client of S3 of which one call fails, before or after it has done its work."""

    def __init__(self, client: Any, number: int, error: BaseException, *, done: bool) -> None:
        self._client, self._left, self._error, self._done = client, number, error, done

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._client, name)
        return real if name == "get_paginator" else lambda **told: self._call(real, told)

    def _call(self, real: Callable[..., Any], told: dict[str, Any]) -> Any:
        self._left -= 1
        if self._left == 0 and not self._done:
            raise self._error
        answer = real(**told)
        if self._left == 0:
            raise self._error
        return answer


class Story:
    """Sources with rows of known names, and what was delivered of them so far."""

    def __init__(self, scene: Scene, proxy: Proxy, seed: int) -> None:
        self.scene, self.proxy, self.chance = scene, proxy, random.Random(f"interruptions {seed}")  # noqa: S311 - to be drawn again
        self.mode = self.chance.choice(["append", "merge"])
        self.rows: dict[str, list[str]] = {}
        for number in range(OBJECTS):
            self._put(f"out/{number}.csv", packed=self.chance.random() < 0.5)
        self.messages = [self._message(number) for number in range(MESSAGES)]
        self.runs = 0

    def _put(self, key: str, *, packed: bool) -> None:
        names = self._names(key, self.chance.randint(1, 400))
        body = "".join(f"{name},someone,{n}\n" for n, name in enumerate(names)).encode()
        self.scene.put(key, gzip.compress(body, mtime=0) if packed else body)
        self.rows[f"s3://{SOURCE}/{key}"] = names

    def _message(self, number: int) -> Any:
        names = self._names(f"m-{number}", self.chance.randint(1, 5))
        self.rows[f"sqs:rows#m-{number}"] = names
        body = json.dumps([{"id": name, "who": None, "number": 1} for name in names])
        return message("rows", f"m-{number}", body, None)

    def _names(self, of: str, count: int) -> list[str]:
        return [f"{of}-{n}" for n in range(count)]

    def text(self, *, queue: bool = False) -> str:
        """The document, by way of the proxy."""
        told = json.loads(self.scene.text(mode=self.mode, key=["id"] if self.mode == "merge" else []))
        told["columns"] = COLUMNS
        told["target"]["port"] = self.proxy.port
        if queue:
            told |= {"source": {"queue": "https://sqs/1/rows"}, "format": {"type": "json"}}
        return json.dumps(told)

    def start(self) -> Callable[[Any], Record]:
        """Choose what is delivered: one upload, a schedule's start, or a batch of messages in any order."""
        self.runs += 1
        run, what = f"run-{self.runs}", self.chance.random()
        if what < 0.35:
            some = self.chance.choices(self.messages, k=self.chance.randint(1, 6))
            return lambda s3: Batch(documents.read(self.text(queue=True)), run, some, self.clients(s3)).run()
        key = f"out/{self.chance.randrange(OBJECTS)}.csv" if what < 0.75 else ""
        start = Start(run, SOURCE if key else "", key)
        return lambda s3: Loading(documents.read(self.text()), start, self.clients(s3)).run()

    def clients(self, s3: Any) -> Callable[[str], Any]:
        """Clients, of which S3's may fail."""
        return lambda service: s3 if service == "s3" else self.scene.client(service)

    def check(self) -> set[str]:
        """The table holds the rows of what the ledger knows, each once; gives what the ledger knows."""
        try:
            ledger = self.scene.ask("SELECT source, version, rows FROM {}.scrapectl_ledger")
        except psycopg.errors.UndefinedTable:
            ledger = []
        names = [source if source.startswith("s3") else f"{source}#{version}" for source, version, _ in ledger]
        assert len(set(names)) == len(names), "a source is in the ledger twice"
        assert {name: len(self.rows[name]) for name in names} == dict(
            zip(names, [row[2] for row in ledger], strict=True)
        )
        stands = Counter(row[0] for row in self.scene.rows("id"))
        assert stands == Counter(row for name in names for row in self.rows[name])
        return set(names)

    def settle(self) -> None:
        """Deliver everything again, undisturbed; then all of it stands."""
        self.proxy.reset()
        s3 = self.scene.s3
        self.runs += 1
        again = self.chance.sample(self.messages, len(self.messages))
        assert Batch(documents.read(self.text(queue=True)), f"run-{self.runs}", again, self.clients(s3)).run().good
        for number in self.chance.sample(range(OBJECTS), OBJECTS):
            start = Start(f"last-{number}", SOURCE, f"out/{number}.csv")
            assert Loading(documents.read(self.text()), start, self.clients(s3)).run().good
        assert Loading(documents.read(self.text()), Start("end"), self.clients(s3)).run().reason == "nothing new"
        assert self.check() == set(self.rows)
        staged = [one["Key"] for one in s3.list_objects_v2(Bucket=STAGING).get("Contents", ())]
        assert all(key.startswith("records/persons/2") for key in staged), "something was left in staging"
        tables = {row[0] for row in self.scene.ask("SELECT tablename FROM pg_tables WHERE schemaname = {name}")}
        assert tables == {"persons", "scrapectl_ledger"}


@pytest.fixture
def proxy(postgres: int) -> Iterator[Proxy]:
    made = Proxy(postgres)
    yield made
    made.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """How often a loader tries by itself: once is as good as a process that ends."""
    monkeypatch.setattr(load, "PAUSE", 0)

    def tries(number: int) -> None:
        monkeypatch.setattr(load, "TRIES", number)

    return tries


def interruption(story: Story, tries: Callable[[int], None]) -> str:
    """Let one random thing go wrong in one random start."""
    chance, start, s3 = story.chance, story.start(), story.scene.s3
    tries(chance.choice([1, 4]))
    story.proxy.reset()
    kind = chance.choice(["bytes", "bytes", "before commit", "after commit", "s3", "killed", "twice at once"])
    if kind == "bytes":
        story.proxy.reset(Cut(after_bytes=chance.randint(1, 25_000)))
    elif kind.endswith("commit"):
        story.proxy.reset(Cut(commit=chance.choice([1, 2, 2, 2]), done=kind.startswith("after")))
    elif kind == "s3":
        slow = ReadTimeoutError(endpoint_url="https://s3")
        s3 = Failing(s3, chance.randint(1, 6), slow, done=chance.random() < 0.5)
    elif kind == "killed":
        s3 = Failing(s3, chance.randint(1, 6), Killed(), done=chance.random() < 0.5)
    other = threading.Thread(target=start, args=(s3,)) if kind == "twice at once" else None
    if other:
        other.start()
    with contextlib.suppress(Killed):
        start(s3)
    if other:
        other.join()
    return kind


@pytest.mark.parametrize("seed", range(STORIES))
def test_every_row_stands_exactly_once(scene, proxy, impatient, seed):
    story = Story(scene, proxy, seed)
    for _ in range(EACH):
        interruption(story, impatient)
        story.check()
    impatient(4)
    story.settle()


@pytest.fixture(scope="module")
def endpoint(aws) -> Iterator[str]:
    """Moto's account, the same as in this process, behind a socket for other processes."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


def started(story: Story, endpoint: str) -> subprocess.Popen[bytes]:
    """Start the loader as its image does, for all that is there."""
    return subprocess.Popen(
        [sys.executable, "-m", "loader"],
        env=os.environ | {"SCRAPECTL_LOAD": story.text(), "RUN": "killed", "AWS_ENDPOINT_URL": endpoint},
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


@pytest.mark.parametrize("seed", range(KILLS))
def test_kills(scene, proxy, impatient, endpoint, seed):
    """A process is killed when so many bytes have gone to the database, or around a commit; then all comes again."""
    story = Story(scene, proxy, 1_000_000 + seed)
    places = [
        Cut(after_bytes=story.chance.randint(1, 25_000)),
        Cut(done=False),
        Cut(done=True),
        Cut(commit=1, done=True),
    ]
    cut = [places[1], places[2], places[0]][seed] if seed < 3 else story.chance.choice(places)
    ready, process = threading.Event(), None

    def kill() -> None:
        ready.wait(10)
        process.kill()
        process.wait(10)

    proxy.reset(cut, kill)
    process = started(story, endpoint)
    ready.set()
    said = process.communicate(timeout=60)[0]
    assert process.returncode == (-9 if proxy.happened else 0), said
    known = story.check()
    if cut == Cut(done=True):
        assert len(known) == OBJECTS, "the commit was done, and its answer lost with the process"
    elif cut == Cut(done=False):
        assert known == set()
    story.settle()


def test_the_twin_of_a_load_waits_and_finds_it(scene, proxy, impatient):
    """Two at once: one of them waits for the other's end at the ledger, and then loads nothing."""
    story = Story(scene, proxy, 7)
    states: list[str] = []

    def one(run: str) -> None:
        start = Start(run, SOURCE, "out/0.csv")
        states.append(Loading(documents.read(story.text()), start, story.clients(scene.s3)).run().state)

    threads = [threading.Thread(target=one, args=(f"run-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(states) == ["loaded", "skipped", "skipped", "skipped"]
    assert story.check() == {f"s3://{SOURCE}/out/0.csv"}
