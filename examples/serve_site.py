"""A folder of pages becomes a website on loopback that counts requests and can fail once for chosen pages.

python examples/serve_site.py FOLDER [--port N] [--flaky PATH ...] [--log FILE]

The first line it prints is its address. Examples are run and tested against it, so that they scrape real HTTP
without bothering anybody's website.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass
class Website:
    """A site that is being served.

    Attributes:
        folder: the pages.
        flaky: the paths that answer 503 the first time they are asked for.
        log: a file that gets one line a request: seconds since the epoch, status, path.
        requests: the paths asked for so far, in order.
        address: `http://127.0.0.1:PORT`, known once the site is served.
    """

    folder: Path
    flaky: set[str] = field(default_factory=set)
    log: Path | None = None
    requests: list[str] = field(default_factory=list)
    address: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fails_now(self, path: str) -> bool:
        """Whether this request to a flaky page is its first."""
        with self.lock:
            self.requests.append(path)
            return path in self.flaky and self.requests.count(path) == 1

    def note(self, status: int, path: str) -> None:
        """Write one request to the log."""
        if self.log:
            with self.lock, self.log.open("a", encoding="utf-8") as lines:
                lines.write(f"{time.time():.3f} {status} {path}\n")


class PageHandler(SimpleHTTPRequestHandler):
    """Answers one request to a `Website`."""

    website: Website

    def do_GET(self) -> None:
        """Serve the page, or 503 when it is a flaky page's first time."""
        if self.website.fails_now(self.path):
            self.send_error(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            super().do_GET()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002 - the standard library's shape
        """Note the answer in the site's own log, not on standard error."""
        self.website.note(int(code), self.path)

    def log_error(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        """Say nothing: `log_request` has noted the status."""


@contextlib.contextmanager
def serving(folder: Path, *, flaky: Iterable[str] = (), log: Path | None = None, port: int = 0) -> Iterator[Website]:
    """Serve `folder` on loopback until the block ends; port 0 takes a free one."""
    website = Website(folder, set(flaky), log)
    handler = type("Handler", (PageHandler,), {"website": website})
    with ThreadingHTTPServer(("127.0.0.1", port), lambda *args: handler(*args, directory=str(folder))) as server:
        website.address = f"http://127.0.0.1:{server.server_port}"
        worker = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        worker.start()
        try:
            yield website
        finally:
            server.shutdown()
            worker.join()


def main() -> None:
    """Serve a folder until interrupted."""
    parser = argparse.ArgumentParser(description="Serve a folder of pages on loopback.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--flaky", nargs="*", default=[], metavar="PATH", help="answers 503 the first time")
    parser.add_argument("--log", type=Path, help="one line a request: time, status, path")
    options = parser.parse_args()
    if not options.folder.is_dir():
        sys.exit(f"{options.folder}: no such folder")
    with serving(options.folder, flaky=options.flaky, log=options.log, port=options.port) as website:
        print(website.address, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
