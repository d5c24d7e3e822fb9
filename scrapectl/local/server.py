"""Serves an embedded cloud over HTTP on loopback until told to stop; run as `python -m scrapectl.local.server`."""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapectl.local import instance
from scrapectl.local.caller import judge
from scrapectl.local.cloud import Cloud
from scrapectl.local.databases.servers import discard_leftovers
from scrapectl.local.engine.choice import chosen_by
from scrapectl.local.flows.mail import mails_of
from scrapectl.local.guard import Guard
from scrapectl.local.instance import Endpoint, Running
from scrapectl.local.listener import Listener
from scrapectl.local.registry import Refusal
from scrapectl.local.services.ecr import Registry
from scrapectl.local.services.rds.stand_in import missing_servers
from scrapectl.local.standing import standing
from scrapectl.local.wire import HttpRequest, HttpResponse, scope_of, serialize_refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

TICK = 0.5
OWN_PATH = "/-/"
HURRY = "SCRAPECTL_LOCAL_HURRY"
LOCK_TRIES, LOCK_PAUSE = 100, 0.02


class Server:
    """A cloud behind a socket.

    Args:
        cloud: What it serves; it is given its endpoint.
        port: Where; 0 takes a free one.
        open_to_all: Let any access key in, for `local start --foreground`.
    """

    def __init__(self, cloud: Cloud, port: int = 0, *, open_to_all: bool = False) -> None:
        self.cloud = cloud
        self._http = Listener(port, self)
        self.port = self._http.server_address[1]
        self.guard = Guard(self.port, None if open_to_all else cloud.access_key)
        self.started = time.time()
        self._stopping = threading.Event()
        cloud.endpoint = f"http://127.0.0.1:{self.port}"

    @property
    def endpoint(self) -> Endpoint:
        """Where it answers."""
        return Endpoint(f"http://127.0.0.1:{self.port}", self.cloud.access_key, self.cloud.secret_key)

    def start(self) -> None:
        """Serve in threads of this process, and let the cloud's time pass."""
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        threading.Thread(target=self._tick, daemon=True).start()
        threading.Thread(target=chosen_by(self.cloud).name, daemon=True).start()

    def _tick(self) -> None:
        while not self._stopping.wait(TICK):
            try:
                self.cloud.tick()
            except Exception:  # noqa: BLE001 - a worker that fails once works again at the next tick
                traceback.print_exc()

    def ask_to_stop(self) -> None:
        """Make `wait` return."""
        self._stopping.set()

    def wait(self) -> None:
        """Return when someone has asked to stop."""
        while not self._stopping.wait(1):
            pass

    def close(self) -> None:
        """Stop serving and end everything that runs for the cloud."""
        self._stopping.set()
        self._http.shutdown()
        self._http.server_close()
        self.cloud.close()

    def turned_away(self, request: HttpRequest) -> HttpResponse | None:
        """Return the answer to a request that may not come in, judged before its body is read; None when it may."""
        problem = self.guard.problem(request)
        if problem:
            return HttpResponse(403, {"Content-Type": "text/plain"}, problem.encode())
        if urlsplit(request.url).path.startswith(OWN_PATH):
            return (
                None if self.guard.knows(request) else HttpResponse(403, {"Content-Type": "text/plain"}, b"wrong key")
            )
        if self.guard.signed(request):
            return None
        service = scope_of(request).service
        code = "InvalidAccessKeyId" if service == "s3" else "UnrecognizedClientException"
        message = "The security token included in the request is invalid: another instance's access key."
        return serialize_refusal(service, Refusal(code, message, 403))

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer one request that was let in.

        Raises:
            LostAnswer: The connection is to end without an answer.
        """
        path = urlsplit(request.url).path
        if path.startswith(OWN_PATH):
            return self._own(request, path)
        status, headers, body = self.cloud.handle(request.method, request.url, request.headers, request.body)
        return HttpResponse(status, headers, body)

    def _own(self, request: HttpRequest, path: str) -> HttpResponse:
        """Answer our own client: `/-/status`, `/-/mail`, `/-/stop`, and layers by the links that ECR gave out."""
        if path == "/-/status":
            return HttpResponse(200, {"Content-Type": "application/json"}, json.dumps(self.status()).encode())
        if path == "/-/mail":
            mails = json.dumps({"mails": mails_of(self.cloud)}).encode()
            return HttpResponse(200, {"Content-Type": "application/json"}, mails)
        if path == "/-/stop" and request.method == "POST":
            self.ask_to_stop()
            return HttpResponse(200, {"Content-Type": "application/json"}, b"{}")
        if path.startswith("/-/layer/"):
            region, _, rest = path.removeprefix("/-/layer/").partition("/")
            name, _, digest = rest.rpartition("/")
            layer = self.cloud.store(Registry, region).blobs.get(name, {}).get(digest)
            if layer is not None:
                return HttpResponse(200, {"Content-Type": "application/octet-stream"}, layer)
        return HttpResponse(404, {"Content-Type": "text/plain"}, b"not here")

    def status(self) -> dict[str, Any]:
        """What `local status` shows: fingerprint, what stands, seconds up, memory in MiB, where jobs run, notes."""
        with self.cloud.lock:
            resources, notes = standing(self.cloud), missing_servers(self.cloud)
        return {
            "fingerprint": instance.fingerprint(),
            "resources": resources,
            "uptime": round(time.time() - self.started, 1),
            "memory": _memory(),
            "engine": chosen_by(self.cloud).name(),
            "notes": notes,
            "pid": os.getpid(),
        }


def _hurry() -> float:
    """How much faster than they say the waits of workflows pass: 1 but in tests, whose copies are of a moment."""
    return max(1.0, float(os.environ.get(HURRY, "1")))


def _memory() -> int:
    """Resident memory in MiB; at its peak where the system tells no more than that."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize() // 2**20
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak // (2**20 if sys.platform == "darwin" else 2**10)


def serve(
    folder: Path,
    port: int,
    *,
    open_to_all: bool,
    ready: Callable[[Endpoint], None] | None = None,
    policies: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Serve a new cloud until SIGTERM, SIGINT or its client says stop.

    Args:
        folder: Where jobs may keep their files.
        port: Where to listen; 0 takes a free one.
        open_to_all: Let any access key in.
        ready: Called once it listens.
        policies: IAM policy documents that whoever calls it is held to; none: everything is allowed.
    """
    discard_leftovers(folder)
    server = Server(Cloud(state_dir=folder, databases=True, hurry=_hurry()), port, open_to_all=open_to_all)
    if policies:
        judge(server.cloud, policies)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.ask_to_stop())
    server.start()
    if ready:
        ready(server.endpoint)
    try:
        server.wait()
    finally:
        server.close()


def main() -> None:
    """Be the background server of a folder; end at once when it has one already."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    folder: Path = parser.parse_args().folder
    for _ in range(LOCK_TRIES):  # a client that asks whether we live holds the lock for an instant
        holder = instance.lock(folder / "lock")
        if holder is not None:
            break
        time.sleep(LOCK_PAUSE)
    else:
        sys.exit("another server of this folder lives")

    def ready(endpoint: Endpoint) -> None:
        port = urlsplit(endpoint.url).port or 0
        keys = (endpoint.access_key, endpoint.secret_key)
        instance.write(folder, Running(port, *keys, os.getpid(), instance.fingerprint(), time.time()))

    try:
        serve(folder, 0, open_to_all=False, ready=ready)
    finally:
        (folder / "server.json").unlink(missing_ok=True)
        holder.close()


if __name__ == "__main__":
    main()
