"""The embedded cloud over HTTP, where any call can be made to go wrong, and the real command line as its client."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scrapectl.local import wire
from scrapectl.local.inprocess import Sent
from scrapectl.local.registry import LostAnswer, Refusal
from scrapectl.local.server import Server
from scrapectl.local.wire import HttpRequest, HttpResponse
from tests.account import REGION, ROOT, Account, is_read

PATIENCE = 40.0  # seconds for any one command; the lease of a dead holder would cost 60 more than a command takes

THROTTLING = {  # how services say it, where it is not ThrottlingException with 400
    "batch": ("TooManyRequestsException", 429),
    "ec2": ("RequestLimitExceeded", 503),
    "iam": ("Throttling", 400),
    "s3": ("SlowDown", 503),
}


@dataclass(frozen=True)
class Place:
    """The `nth` call (from 1) of an operation."""

    service: str
    operation: str
    nth: int

    @property
    def changes(self) -> bool:
        """Whether it is a call that changes something."""
        return not is_read(Sent(self.service, self.operation, {}, REGION))

    def __str__(self) -> str:
        return f"{self.service} {self.operation} {self.nth}"


CarryOut = Callable[[], HttpResponse]
Fault = Callable[[Place, CarryOut], HttpResponse]


@dataclass
class Command:
    """A command line that runs; what it says is kept as it comes."""

    process: subprocess.Popen[str]
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        streams = ((self.process.stdout, self.out), (self.process.stderr, self.err))
        self._readers = [threading.Thread(target=_read, args=pair, daemon=True) for pair in streams]
        for reader in self._readers:
            reader.start()

    def end(self, patience: float = PATIENCE) -> Answer:
        """Wait for its end; one that takes longer than `patience` seconds is killed, and that is an error."""
        began = time.monotonic()
        try:
            code = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"no end after {patience} s:\n{self.said}") from None
        for reader in self._readers:
            reader.join(5)
        return Answer(code, "".join(self.out), "".join(self.err), time.monotonic() - began)

    def kill(self) -> None:
        """End it as a power cut would, and wait until it is gone."""
        self.process.kill()
        self.process.wait()

    @property
    def said(self) -> str:
        """Everything it said so far."""
        return "".join(self.out) + "".join(self.err)

    def wait_for(self, text: str) -> None:
        """Wait until it has said something."""
        wait_until(lambda: text in self.said, lambda: f"{text!r} in:\n{self.said}")


@dataclass(frozen=True)
class Answer:
    """What a command line came to, and how many seconds its end took."""

    code: int
    out: str
    err: str
    seconds: float

    def well(self) -> Answer:
        """It must have ended with 0."""
        assert self.code == 0, f"exit code {self.code}:\n{self.out}\n{self.err}"
        return self


class Endpoint:
    """One empty account behind a socket. `fault` is asked about every call, and carries it out or does not."""

    def __init__(self, **cloud: Any) -> None:
        self.account = Account(**cloud)
        self.fault: Fault = carried_out
        self.url = ""
        self._server = _Door(self)
        self._server.start()
        self.url = self._server.endpoint.url
        self._commands: list[Command] = []

    def start(self, *words: object) -> Command:
        """Start a command line against this account."""
        line = [sys.executable, "-m", "scrapectl", *map(str, words), "--endpoint-url", self.url]
        self._commands.append(start(line, environment()))
        return self._commands[-1]

    def cli(self, *words: object) -> Answer:
        """Carry out a command line."""
        return self.start(*words).end()

    def kill_client(self) -> None:
        """Kill the command that was started last."""
        self._commands[-1].kill()

    def signal_client(self, number: int) -> None:
        """Send a signal to the command that was started last."""
        self._commands[-1].process.send_signal(number)

    def close(self) -> None:
        """Stop serving, and kill what still runs."""
        for command in self._commands:
            command.kill()
        self._server.close()


class _Door(Server):
    """Counts the calls that come in, and asks the endpoint's fault about each."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint.account.cloud, open_to_all=True)
        self._endpoint = endpoint
        self._seen: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()
        self._left = threading.Condition()
        self._inside = 0

    def close(self) -> None:
        """Stop serving, and wait for the calls inside: all clouds share one moto, the next test's too."""
        super().close()
        with self._left:
            assert self._left.wait_for(lambda: not self._inside, PATIENCE), "a call never ended"

    def answer(self, request: HttpRequest) -> HttpResponse:
        with self._left:
            self._inside += 1
        try:
            return self._answer(request)
        finally:
            with self._left:
                self._inside -= 1
                self._left.notify_all()

    def _answer(self, request: HttpRequest) -> HttpResponse:
        if "/-/" in request.url:
            return super().answer(request)
        service = wire.scope_of(request).service
        operation, _ = wire.decode(request, service)
        with self._lock:
            self._seen[service, operation] += 1
            place = Place(service, operation, self._seen[service, operation])
        return self._endpoint.fault(place, lambda: super(_Door, self).answer(request))


def carried_out(_place: Place, carry_out: CarryOut) -> HttpResponse:
    """No fault at all."""
    return carry_out()


def killed_at(endpoint: Endpoint, place: Place, *, after: bool) -> Fault:
    """The client is dead before, or right after, the call at a place is carried out."""

    def fault(at: Place, carry_out: CarryOut) -> HttpResponse:
        if at != place:
            return carry_out()
        if after:
            carry_out()
        endpoint.kill_client()
        raise LostAnswer

    return fault


def lost(operation: str, *, after: bool) -> Fault:
    """The connection ends without an answer at an operation's first call, before or after it was carried out."""

    def fault(at: Place, carry_out: CarryOut) -> HttpResponse:
        if (at.operation, at.nth) != (operation, 1):
            return carry_out()
        if after:
            carry_out()
        raise LostAnswer

    return fault


def denied(operation: str) -> Fault:
    """The client may not call an operation."""

    def fault(at: Place, carry_out: CarryOut) -> HttpResponse:
        text = f"User: arn:aws:iam::123456789012:user/dev is not authorized to perform: {at.service}:{operation}"
        refusal = Refusal("AccessDeniedException", text, 403)
        return wire.serialize_refusal(at.service, refusal) if at.operation == operation else carry_out()

    return fault


@dataclass
class Weather:
    """A share of the calls is throttled, or answered 500 before or after it was carried out, by a seed."""

    seed: int
    share: float
    struck: int = 0

    def __call__(self, at: Place, carry_out: CarryOut) -> HttpResponse:
        """Strike, or let the call through; the same call of the same seed meets the same weather."""
        dice = random.Random(f"{self.seed} {at}")
        if dice.random() >= self.share:
            return carry_out()
        self.struck += 1
        way = dice.choice(("throttled", "broken before", "broken after"))
        if way == "throttled":
            throttling = THROTTLING.get(at.service, ("ThrottlingException", 400))
            return wire.serialize_refusal(at.service, Refusal(throttling[0], "Rate exceeded", throttling[1]))
        if way == "broken after":
            carry_out()
        return wire.serialize_refusal(at.service, Refusal("InternalFailure", "We had a problem", 500))


@dataclass
class Held:
    """Holds the first call of an operation until it is let go."""

    operation: str
    came: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)

    def __call__(self, at: Place, carry_out: CarryOut) -> HttpResponse:
        if (at.operation, at.nth) == (self.operation, 1):
            self.came.set()
            self.let_go.wait(PATIENCE)
        return carry_out()


def environment(**more: str) -> dict[str, str]:
    """What a command line of these tests inherits: nothing of the user's own but the path."""
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION}
    none = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull) | {
        "SCRAPECTL_LOCAL_ENGINE": "none"
    }
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, **keys, **none, "AWS_EC2_METADATA_DISABLED": "true", "PYTHONPATH": str(ROOT), **more}


def start(line: list[str], env: dict[str, str], folder: Path = ROOT) -> Command:
    """Start a command line, in a process group of its own."""
    return Command(
        subprocess.Popen(
            line, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
        )
    )


def wait_until(holds: Callable[[], object], what: Callable[[], str], patience: float = PATIENCE) -> None:
    """Wait until something holds."""
    end = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < end, f"not within {patience} s: {what()}"
        time.sleep(0.02)


def _read(stream: Any, lines: list[str]) -> None:
    with stream:
        lines.extend(iter(stream.readline, ""))
