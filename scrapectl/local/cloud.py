"""The whole emulated AWS in one process: requests in, answers out, no socket needed."""

from __future__ import annotations

import secrets
import threading
from typing import TYPE_CHECKING, Any, TypeVar

import scrapectl.local.jobs.batch  # noqa: F401 - registers SubmitJob and its kin
from scrapectl.local import moto_private
from scrapectl.local.clock import Clock, RealClock, VirtualClock
from scrapectl.local.delays import NO_DELAYS, Delays
from scrapectl.local.flows.workers import set_to_work
from scrapectl.local.frontdoor import FrontDoor
from scrapectl.local.services import ecr, logs, secret_values
from scrapectl.local.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scrapectl.local.registry import Call

Store = TypeVar("Store")


class Cloud:
    """One account of AWS.

    moto keeps its state in the process, so only one cloud can live at a time: making one empties what was there before.

    Args:
        clock: The cloud's time; the machine's by default.
        strict: Check every request against botocore's patterns, enums and maxima.
        delays: Things take their time: True for AWS's usual figures, or the figures; False settles all at once.
        account: The account's number.
        default_network: Whether each region has a default VPC.
        state_dir: Where jobs may keep files; a temporary folder when None.
        databases: Run real database servers for RDS instances, where they are installed.
        hurry: How many times as fast the waits of workflows pass as they say; for tests.

    Attributes:
        hooks: Called with every call that came in, before it is carried out; may raise Refusal or LostAnswer.
        endpoint: The URL under which a job reaches this cloud, set by the server; None without one.
        access_key: The key that requests over HTTP must be signed with; also what jobs are given.
        used: Services and regions that were ever called.
        workers: Called with no argument whenever time has passed; see `tick`.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        strict: bool = True,
        delays: bool | Delays = False,
        account: str = "123456789012",
        default_network: bool = True,
        state_dir: Path | None = None,
        databases: bool = False,
        hurry: float = 1.0,
    ) -> None:
        self.clock = clock or RealClock()
        self.strict = strict
        self.delays = delays if isinstance(delays, Delays) else Delays() if delays else NO_DELAYS
        self.account = account
        self.default_network = default_network
        self.state_dir = state_dir
        self.databases = databases
        self.hurry = hurry
        self.instance = secrets.token_hex(4)
        self.access_key = "AKIA" + "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(16))
        self.secret_key = secrets.token_urlsafe(30)
        self.endpoint: str | None = None
        self.lock = threading.RLock()
        self.hooks: list[Callable[[Call], None]] = []
        self.workers: list[Callable[[], None]] = []
        self.used: set[tuple[str, str]] = set()
        self._closers: list[Callable[[], None]] = []
        self._stores: dict[tuple[type, str], Any] = {}
        moto_private.BackendDict.reset()
        moto_private.run_queues_by(self.clock.now)
        self.front_door = FrontDoor(self)
        set_to_work(self)
        if isinstance(self.clock, VirtualClock):
            self.clock.on_advance(self.tick)

    def handle(self, method: str, url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Answer one HTTP request.

        Raises:
            LostAnswer: A hook wants the connection to end without an answer.
        """
        response: HttpResponse = self.front_door.answer(HttpRequest(method, url, headers, body))
        return response.status, response.headers, response.body

    def call(self, service: str, operation: str, params: dict[str, Any], region: str = "us-east-1") -> dict[str, Any]:
        """Carry out a call of the cloud's own and return its result.

        Raises:
            Refusal: The service refuses it.
        """
        return self.front_door.call(service, operation, params, region)

    def put_log(self, group: str, stream: str, timestamp_ms: int, line: str, region: str = "us-east-1") -> None:
        """Append one line to a log stream, which is made when missing.

        Raises:
            Refusal: The group does not exist.
        """
        self.put_logs(group, stream, [(timestamp_ms, line)], region)

    def put_logs(self, group: str, stream: str, events: list[tuple[int, str]], region: str = "us-east-1") -> None:
        """Append lines to a log stream: milliseconds since 1970 and text, oldest first.

        Raises:
            Refusal: The group does not exist.
        """
        logs.append(self, region, group, stream, events)

    def secret_value(self, value_from: str, region: str = "us-east-1") -> str:
        """Return what a job definition's `valueFrom` names: a secret, one JSON key of it, or a parameter.

        Args:
            value_from: A secret's ARN, optionally with `:json-key:stage:version`; or a parameter's ARN or name.
            region: Where a plain parameter name is looked up.

        Raises:
            Refusal: There is none, or it has no such key.
        """
        return secret_values.value_of(self, value_from, region)

    def image_layer(self, image_uri: str) -> ecr.Image:
        """Return a pushed image: manifest, configuration and the bytes of its layers.

        Raises:
            Refusal: This cloud's registry has no such image.
        """
        return ecr.find_image(self, image_uri)

    def admit(self, call: Call) -> None:
        """Show a call that came in to every hook."""
        for hook in list(self.hooks):
            hook(call)

    def store(self, kind: type[Store], region: str) -> Store:
        """Return the one `kind` of a region, made empty when first asked for: where a service keeps its state."""
        found: Store | None = self._stores.get((kind, region))
        # Asked for with the lock and without it: who comes second must get what the first got.
        return found if found is not None else self._stores.setdefault((kind, region), kind())

    def stores(self, kind: type[Store]) -> dict[str, Store]:
        """Return every region's `kind` that was ever asked for."""
        return {region: found for (stored, region), found in list(self._stores.items()) if stored is kind}

    def tick(self) -> None:
        """Let every worker do what is due now; the server calls it twice a second, a virtual clock when advanced.

        Raises:
            ExceptionGroup: Workers failed; the others have worked all the same.
        """
        failures = []
        for worker in list(self.workers):
            try:
                worker()
            except Exception as failure:  # noqa: BLE001 - one that always fails must not stop what flows
                failures.append(failure)
        if failures:
            raise ExceptionGroup("workers of the embedded cloud failed", failures)

    def on_close(self, closer: Callable[[], None]) -> None:
        """Have `closer` called when the cloud ends, to stop what runs outside this process."""
        self._closers.append(closer)

    def close(self) -> None:
        """End everything that runs for this cloud."""
        for closer in self._closers:
            closer()
        self._closers.clear()
        self.workers.clear()
        moto_private.give_queues_back(self.clock.now)
