"""Who may talk to an embedded cloud over HTTP: this user's own programs, and no page in a browser."""

from __future__ import annotations

import hmac
from urllib.parse import parse_qs, urlsplit

from scrapectl.local.wire import HttpRequest, scope_of

KEY_HEADER = "x-scrapectl-key"


class Guard:
    """The checks before a request is looked at.

    Other users of the machine can reach loopback, and a page can send requests to it: so the Host must be ours (no
    rebound name), an Origin is refused (no page), and the access key, which only this user can read, must be the one.

    Args:
        port: Where the server listens.
        access_key: What requests must be signed with; None lets any key in.
    """

    def __init__(self, port: int, access_key: str | None) -> None:
        self.hosts = {f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"}
        self.access_key = access_key

    def problem(self, request: HttpRequest) -> str | None:
        """Return why the request is refused, whoever sent it; None when it may pass."""
        if request.header("Host").lower() not in self.hosts:
            return "this Host is not served here"
        if request.header("Origin") or request.header("Sec-Fetch-Site") or request.method == "OPTIONS":
            return "pages in a browser are not served here"
        if urlsplit(request.url).path.startswith("/moto-api"):
            return "closed"
        return None

    def signed(self, request: HttpRequest) -> bool:
        """Whether an AWS request was signed with this instance's key, in its header or in a presigned link."""
        return self._fits(scope_of(request).access_key)

    def knows(self, request: HttpRequest) -> bool:
        """Whether a request of our own client, or a link we gave out, carries this instance's key."""
        query = parse_qs(urlsplit(request.url).query)
        return self._fits(request.header(KEY_HEADER) or query.get("key", [""])[0])

    def _fits(self, key: str) -> bool:
        return self.access_key is None or hmac.compare_digest(key.encode(), self.access_key.encode())
