"""HTTP on loopback: reads requests off the wire, whole or not at all, and writes answers that no page may read."""

from __future__ import annotations

import sys
import traceback
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from scrapectl.local.registry import LostAnswer
from scrapectl.local.wire import HttpRequest, HttpResponse


class Answers(Protocol):
    """What a listener asks for each request."""

    def turned_away(self, request: HttpRequest) -> HttpResponse | None:
        """Return the answer to a request that may not come in, judged before its body is read; None when it may."""
        ...

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer one request that was let in.

        Raises:
            LostAnswer: The connection is to end without an answer.
        """
        ...


class Listener(ThreadingHTTPServer):
    """A port of loopback; each connection has a thread of its own.

    Args:
        port: Which; 0 takes a free one.
        answers: Who answers what comes in.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, answers: Answers) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.answers = answers

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the interface
        """A client that goes away is no error of ours."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            traceback.print_exc()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet for headers and body
    disable_nagle_algorithm = True
    server: Listener

    def _serve(self) -> None:
        head = HttpRequest(self.command, self._url(), dict(self.headers.items()), b"")
        try:
            response = self.server.answers.turned_away(head)
            if response is not None:
                self.close_connection = True  # what else it sends is not read
            else:
                response = self.server.answers.answer(replace(head, body=self._body()))
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
