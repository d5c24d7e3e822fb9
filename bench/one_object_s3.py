"""An S3 of one object and a Secrets Manager of one secret, over HTTP: as quick as the disk, so a reader is measured."""

from __future__ import annotations

import email.utils
import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

WRITTEN = 1767322800  # 2026-01-02T03:00:00Z
_LISTED = """<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>{}</ListBucketResult>"""
_ENTRY = """<Contents><Key>{}</Key><LastModified>2026-01-02T03:00:00.000Z</LastModified><ETag>"e"</ETag><Size>{}</Size>
</Contents>"""


@contextmanager
def serving(file: Path, bucket: str, secret: dict[str, str]) -> Iterator[str]:
    """Serve a file as the one object of a bucket, and keep nothing that is put; gives the endpoint."""
    known = {"file": file, "listing": f"/{bucket}", "secret": secret}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Known", (_Handler,), known))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    file: Path
    listing: str
    secret: dict[str, str]

    def do_HEAD(self) -> None:
        self._head(self.file.stat().st_size)

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        query = parse_qs(asked.query)
        if "list-type" not in query:
            self._head(self.file.stat().st_size)
            with self.file.open("rb") as held:
                shutil.copyfileobj(held, self.wfile, 1 << 20)
            return
        here = asked.path == self.listing and self.file.name.startswith(query.get("prefix", [""])[0])
        self._answer(_LISTED.format(_ENTRY.format(self.file.name, self.file.stat().st_size) if here else "").encode())

    def do_PUT(self) -> None:
        self._read()
        self._answer(b"")

    def do_POST(self) -> None:
        self._read()
        self._answer(json.dumps({"SecretString": json.dumps(self.secret)}).encode())

    def _read(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _head(self, size: int) -> None:
        self.send_response(200)
        self.send_header("ETag", '"e"')
        self.send_header("Last-Modified", email.utils.formatdate(WRITTEN, usegmt=True))
        self.send_header("Content-Length", str(size))
        self.end_headers()

    def _answer(self, body: bytes) -> None:
        self._head(len(body))
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
