"""The embedded cloud over HTTP, where any call can be made to go wrong, with the real command line as its client."""

from __future__ import annotations

import random
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from scrapectl.local import wire
from scrapectl.local.inprocess import Sent
from scrapectl.local.registry import LostAnswer, Refusal
from scrapectl.local.server import Server
from scrapectl.local.wire import HttpRequest, HttpResponse
from tests.account import REGION, Account, is_read
from tests.faults.commands import PATIENCE, Answer, Command, environment, start

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


def lost(*operations: str, after: bool) -> Fault:
    """The connection ends without an answer at each operation's first call, before or after it was carried out."""

    def fault(at: Place, carry_out: CarryOut) -> HttpResponse:
        if at.operation not in operations or at.nth != 1:
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
