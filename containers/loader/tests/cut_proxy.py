"""Stands between a loader and PostgreSQL, and cuts the connection where a test wants it: anywhere, or at a commit."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass

_SSL_REQUEST = struct.pack("!ii", 8, 80877103)  # PostgreSQL's protocol, "SSLRequest"
_COMMIT = re.compile(rb"[\0\x0b]COMMIT\0")  # the statement, not "ON COMMIT DROP"
_AT_ONCE = 1 << 16


@dataclass(frozen=True)
class Cut:
    """Where the connection ends.

    Attributes:
        after_bytes: So many bytes of the loader have passed; None: at a commit.
        commit: Which one, from 1: the first is that of the tables.
        done: Whether the server has done the commit, and only its answer is lost.
    """

    after_bytes: int | None = None
    commit: int = 2
    done: bool = False


class Proxy:
    """A server on loopback that passes on what it gets, until its cut."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self.reset()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def reset(self, cut: Cut | None = None, then: Callable[[], object] = lambda: None) -> None:
        """Count from here; `then` is called at the cut."""
        self._cut, self._then, self.happened = cut, then, False
        self.passed = self._commits = 0
        self._answer_lost = False

    def close(self) -> None:
        """End all connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._open:
            one.close()
        self._thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._to))
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open += [client, server]
            threading.Thread(target=self._pass_up, args=(client, server), daemon=True).start()
            threading.Thread(target=self._pass_down, args=(client, server), daemon=True).start()

    def _pass_up(self, client: socket.socket, server: socket.socket) -> None:
        """From the loader to the server; the proxy has to read it, so nobody encrypts."""
        with contextlib.suppress(OSError):
            while piece := client.recv(_AT_ONCE):
                if piece == _SSL_REQUEST:
                    client.sendall(b"N")
                    continue
                cut = None if self.happened else self._cut
                commits = len(_COMMIT.findall(piece))
                self._commits += commits
                if cut and cut.after_bytes is None and commits and self._commits == cut.commit:
                    if cut.done:
                        self._answer_lost = True
                    else:
                        self._end(client, server)
                        return
                elif cut and cut.after_bytes is not None and self.passed + len(piece) > cut.after_bytes:
                    server.sendall(piece[: cut.after_bytes - self.passed])
                    self._end(client, server)
                    return
                self.passed += len(piece)
                server.sendall(piece)
        _reset(client, server)

    def _pass_down(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := server.recv(_AT_ONCE):
                if self._answer_lost:
                    self._answer_lost = False
                    self._end(client, server)
                    return
                client.sendall(piece)
        _reset(client, server)

    def _end(self, *both: socket.socket) -> None:
        self.happened = True
        self._then()
        _reset(*both)


def _reset(*both: socket.socket) -> None:
    """End connections as a cut cable does, without a word."""
    for one in both:
        with contextlib.suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.shutdown(socket.SHUT_RDWR)
        one.close()
