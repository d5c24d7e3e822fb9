"""Cuts a list into the pages AWS answers with."""

from __future__ import annotations

import base64
from typing import Any, TypeVar

from scrapectl.local.registry import Refusal

Item = TypeVar("Item")


def page(
    items: list[Item], size: int | None, token: str | None, *, most: int = 100, code: str = "ValidationException"
) -> tuple[list[Item], str | None]:
    """Return one page of `items` and the token of the next; None after the last.

    Args:
        items: Everything, in a stable order.
        size: How many the client wants at most.
        token: What the last page ended with.
        most: AWS's own bound of a page.
        code: The error of a token that is none of ours.
    """
    start = _offset(token, code) if token else 0
    end = start + min(size or most, most)
    return items[start:end], _token(end) if end < len(items) else None


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(f"page:{offset}".encode()).decode()


def _offset(token: str, code: str) -> int:
    try:
        word, _, number = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
        if word == "page":
            return int(number)
    except ValueError:
        pass
    raise Refusal(code, "Invalid pagination token")


def tag_list(tags: dict[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, Any]]:
    """Write a map of tags as AWS's list of pairs."""
    return [{key: name, value: text} for name, text in tags.items()]


def tag_map(tags: list[dict[str, str]] | None) -> dict[str, str]:
    """Read AWS's list of pairs, in either spelling, into a map."""
    return {tag.get("Key", tag.get("key", "")): tag.get("Value", tag.get("value", "")) for tag in tags or []}
