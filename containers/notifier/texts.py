"""Text from outside → text for a mail: no secret, nothing that a terminal obeys, nothing that looks like ours."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

VALUES_AT = 11  # the column where the values of a table begin
SHORTEST_SECRET = 4
MASK = "********"

# What scrapectl takes for a secret's name (scrapectl/spec/secrecy.py), and the sequences that a terminal obeys.
SECRET = re.compile(
    r"(?:^|_)(?:password|passwd|passphrase|pwd|pass|secrets?|tokens?|credentials?|auth|authorization|cookie|bearer|jwt"
    r"|keys?|apikeys?|accesskeys?|dsn|salt)(?:_|[0-9]*$)|passw(?:or)?d|secret(?!ar)|apikey",
    re.IGNORECASE,
)
HARMLESS = re.compile(
    r"(?:^|_)(?:public_?key|key_?(?:name|prefix|id|column|field)s?|(?:bucket|primary|sort|partition|object|s3)_?keys?"
    r"|(?:max|min|num)_tokens?|secrets?_?arn)$|^keys?$",
    re.IGNORECASE,
)
WORD_EDGE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[-.\s]+")
SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*\x07?|\x1b"
)


def moment(milliseconds: int | None) -> str:
    """Write a time in UTC; none is no text."""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC" if milliseconds else ""


def table(about: dict[str, str]) -> str:
    """Write what is known line by line."""
    return "\n".join(f"{name + ':':<{VALUES_AT - 1}} {value}" for name, value in about.items() if value)


def short_cause(cause: str) -> str:
    """Say in a line what came of a job: its cause is all of its description, with the values of its variables."""
    try:
        job = json.loads(cause or "null")
    except ValueError:  # one that is too long is cut
        return "its job's description is too long" if '"Environment":' in cause else cause
    if not isinstance(job, dict) or "JobId" not in job:
        return cause
    code = (job.get("Container") or {}).get("ExitCode")
    exited = "" if code is None else f"exit code {code}"
    return ": ".join(filter(None, [f"job {job['JobId']}", exited, job.get("StatusReason")]))


def set_in(text: str, columns: int) -> str:
    """Set in every further line of a text from outside, so that none of them looks like one of ours."""
    return text.replace("\n", "\n" + " " * columns)


def plain(text: str) -> str:
    """Leave out what a terminal or a mail program would obey instead of show."""
    return "".join(letter for letter in SEQUENCE.sub("", text) if letter in "\n\t" or letter.isprintable())


def is_secret(name: str) -> bool:
    """Tell whether a name says that its value is secret."""
    words = WORD_EDGE.sub("_", name)
    return bool(SECRET.search(words)) and not HARMLESS.search(words)


def secrets_in(value: Any) -> set[str]:
    """Collect the values whose names say that they are secret, and the lines of those with several."""
    if isinstance(value, list):
        return {piece for item in value for piece in secrets_in(item)}
    if not isinstance(value, dict):
        return set()
    low = {key.lower(): item for key, item in value.items()}
    found: set[str] = set()
    for name, item in [(low["name"], low["value"])] if set(low) == {"name", "value"} else value.items():
        if isinstance(item, str) and is_secret(str(name)):
            found |= {piece for piece in (plain(item), *plain(item).split("\n")) if len(piece) >= SHORTEST_SECRET}
        found |= secrets_in(item)
    return found
