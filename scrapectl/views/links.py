"""Turns a link to an object into JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapectl.views.plain import clean

if TYPE_CHECKING:
    from scrapectl.operate.share import Link


def link_document(link: Link, mailed: str | None) -> dict[str, Any]:
    """The form of `share`: times in UTC; `mailed` is whom it was sent to, or null."""
    return {
        "bucket": link.bucket,
        "key": clean(link.key),
        "size": link.size,
        "modified": link.modified.isoformat(timespec="seconds"),
        "url": link.url,
        "expires": link.until.isoformat(timespec="seconds"),
        "mailed": mailed,
    }
