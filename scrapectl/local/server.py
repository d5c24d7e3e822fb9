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
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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
from scrapectl.local.registry import LostAnswer, Refusal
from scrapectl.local.services.ecr import Registry
from scrapectl.local.services.rds.stand_in import missing_servers
from scrapectl.local.standing import standing
from scrapectl.local.wire import HttpRequest, HttpResponse, scope_of, serialize_refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

TICK = 0.5
OWN_PATH = "/-/"
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
        self._http = _Http(("127.0.0.1", port), _Handler)
        self._http.server = self
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


def _memory() -> int:
    """Resident memory in MiB; at its peak where the system tells no more than that."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize() // 2**20
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak // (2**20 if sys.platform == "darwin" else 2**10)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    server: Server

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the interface
        """A client that goes away is no error of ours."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            traceback.print_exc()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet for headers and body
    disable_nagle_algorithm = True
    server: _Http

    def _serve(self) -> None:
        head = HttpRequest(self.command, self._url(), dict(self.headers.items()), b"")
        try:
            response = self.server.server.turned_away(head)
            if response is not None:
                self.close_connection = True  # what else it sends is not read
            else:
                response = self.server.server.answer(replace(head, body=self._body()))
        except LostAnswer:
            self.close_connection = True
            return
        except Exception:  # noqa: BLE001 - a defect of ours is an answer too
            traceback.print_exc()
            self.close_connection = True
            response = HttpResponse(500, {"Content-Type": "text/plain"}, b"the embedded cloud failed; see its log")
        self._send(response)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = _serve  # noqa: N815 - the interface

    def _url(self) -> str:
        return f"http://{self.headers.get('Host', '')}{self.path}"

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self._whole(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self._line().split(b";")[0], 16):
            chunks.append(self._whole(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return b"".join(chunks)

    def _whole(self, size: int) -> bytes:
        """Read so many bytes. A request whose sender went away in the middle is no request: half of it is not done."""
        read = self.rfile.read(size)
        if len(read) < size:
            raise LostAnswer
        return read

    def _line(self) -> bytes:
        line = self.rfile.readline()
        if not line:
            raise LostAnswer
        return line

    def _send(self, response: HttpResponse) -> None:
        self.send_response_only(response.status)
        own = {"content-length", "connection", "transfer-encoding", "server"}
        sizes = [value for key, value in response.headers.items() if key.lower() == "content-length"]
        for key, value in response.headers.items():
            # A page must never be told that it may read an answer.
            if key.lower() not in own and not key.lower().startswith("access-control-"):
                self.send_header(key, value.replace("\r", " ").replace("\n", " "))
        head = self.command == "HEAD"
        self.send_header("Content-Length", sizes[0] if head and sizes else str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if not head:
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the interface
        """Say nothing: the log is for what goes wrong."""


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
    server = Server(Cloud(state_dir=folder, databases=True), port, open_to_all=open_to_all)
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
