"""Tells from a variable's name whether its value is a secret."""

from __future__ import annotations

import re

_WORDS = (
    "password|passwd|passphrase|pwd|pass|secrets?|tokens?|credentials?|auth|authorization|cookie|bearer|jwt"
    "|keys?|apikeys?|accesskeys?|dsn|salt"
)
_SECRET_NAME = re.compile(rf"(?:^|_)(?:{_WORDS})(?:_|[0-9]*$)|passw(?:or)?d|secret(?!ar)|apikey", re.IGNORECASE)
_HARMLESS_NAME = re.compile(
    r"(?:^|_)(?:public_?key|key_?(?:name|prefix|id|column|field)s?|(?:bucket|primary|sort|partition|object|s3)_?keys?"
    r"|(?:max|min|num)_tokens?|secrets?_?arn)$|^key$|^keys$",
    re.IGNORECASE,
)
_WORD_EDGE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[-.\s]+")


def looks_secret(name: str) -> bool:
    """Whether a variable's name says that its value is a secret: `DB_PASSWORD`, `apiKey`, `NPS-KEY`; not `KEY`."""
    words = _WORD_EDGE.sub("_", name.removesuffix(".$"))  # the States Language's mark of a path
    return bool(_SECRET_NAME.search(words)) and not _HARMLESS_NAME.search(words)
