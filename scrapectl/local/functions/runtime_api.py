"""One event → Lambda's Runtime API on loopback, which gives it to whoever asks first and takes the answer.

What the runtime of an image asks for: next invocation, response, error, initialization error ("Using the Lambda runtime
API for custom runtimes"). It lives as long as one invocation.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_PATH = "/2018-06-01/runtime"
_ACCEPTED = 202


@dataclass(frozen=True)
class Invocation:
    """What a runtime is told: the event as JSON text, the request's id, the function's ARN, and when its time is up."""

    event: str
    id: str
    arn: str
    deadline: float


@dataclass
class RuntimeApi:
    """The API of one invocation.

    Attributes:
        answer: What was answered, and whether it is an error; None until then.
        answered: Set with the answer, or when the API closes.
    """

    invocation: Invocation
    answer: tuple[str, bool] | None = None
    answered: threading.Event = field(default_factory=threading.Event)
    given: bool = False

    def __post_init__(self) -> None:
        """Listen on a port of loopback."""
        api = self

        class Handler(_Handler):
            pass

        Handler.api = api
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """What AWS_LAMBDA_RUNTIME_API says."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def take(self, text: str, *, failed: bool) -> None:
        """Take the first answer."""
        if self.answer is None:
            self.answer = text, failed
            self.answered.set()

    def close(self) -> None:
        """Let go of who waits for another event."""
        self.answered.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    api: RuntimeApi
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Give the event once; whoever asks again waits until there is no more to come."""
        if self.path != f"{_PATH}/invocation/next":
            self._say(404, "{}")
            return
        if self.api.given:
            self.api.answered.wait()
            self.close_connection = True
            return
        self.api.given = True
        told = self.api.invocation
        headers = {
            "Lambda-Runtime-Aws-Request-Id": told.id,
            "Lambda-Runtime-Deadline-Ms": str(int(told.deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": told.arn,
        }
        self._say(200, told.event, headers)

    def do_POST(self) -> None:
        """Take a response or an error."""
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="replace")
        of_call = f"{_PATH}/invocation/{self.api.invocation.id}"
        if self.path not in {f"{of_call}/response", f"{of_call}/error", f"{_PATH}/init/error"}:
            self._say(404, "{}")
            return
        failed = not self.path.endswith("/response")
        self.api.take(_as_json(text) if failed else text or "null", failed=failed)
        self._say(_ACCEPTED, '{"status":"OK"}')

    def log_message(self, *args: Any) -> None:
        """Say nothing: the function's log is its own."""

    def _say(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        content = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _as_json(text: str) -> str:
    """An error as runtimes send it; one that is no JSON is told as text."""
    try:
        json.loads(text)
    except ValueError:
        return json.dumps({"errorType": "Runtime.Unknown", "errorMessage": text})
    return text


def deadline_in(seconds: float) -> float:
    """When a function's time is up, in seconds since 1970."""
    return time.time() + seconds
