"""What is to be shared, as words → a link, shown and sent."""

from __future__ import annotations

import re

from scrapectl.cli.options import Settings
from scrapectl.cli.reach import Reached
from scrapectl.errors import UsageError
from scrapectl.operate.share import LONGEST, bucket_of, mail, newest, sender_of
from scrapectl.units import parse_duration
from scrapectl.views.links import link_document
from scrapectl.views.output import print_document, print_line, tell

_ADDRESS = re.compile(r"[^@\s<>,;\"]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_SHORTEST = 60


def seconds_of(text: str) -> int:
    """Read how long a link shall hold.

    Raises:
        UsageError: It is no duration, or no link can hold for it.
    """
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--expires: {error}.") from None
    if not _SHORTEST <= seconds <= LONGEST:
        raise UsageError(f"--expires {text}: AWS signs links for 1m to 7d.")
    return seconds


def addresses(email: str | None, sender: str | None) -> tuple[str, str | None] | None:
    """Read to whom it is sent, and who sends; None when it is sent to nobody.

    Raises:
        UsageError: Something is no address, or a sender has nobody to send to.
    """
    for name, address in (("--email", email), ("--sender", sender)):
        if address is not None and not _ADDRESS.fullmatch(address):
            raise UsageError(f"{name}: that is no address of mail.", "Write one such as team@example.org.")
    if sender and not email:
        raise UsageError("--sender goes with --email.")
    return (email, sender) if email else None


def share_newest(
    settings: Settings, reached: Reached, place: str, seconds: int, mailed: tuple[str, str | None] | None
) -> None:
    """Share the newest object of a place; who sends is settled before anything is signed."""
    key, _, prefix = place.partition("/")
    bucket = bucket_of(reached.aws, reached.owner, key, reached.spec)
    to, sender = mailed or (None, None)
    sender = sender_of(reached.aws, sender, to) if to else None
    link = newest(reached.aws, bucket, prefix, seconds)
    if to and sender:
        mail(reached.aws, link, sender, to)
    if link.passing:
        tell("The keys that signed this link are passing ones: it ends with them, if they end first.")
    if settings.json:
        print_document(link_document(link, to))
    elif to:
        print_line(f"Sent to {to}: {link.key}, until {link.until:%Y-%m-%d %H:%M} UTC")
    else:
        tell(f"{link.key}, {link.size} bytes, until {link.until:%Y-%m-%d %H:%M} UTC:")
        print_line(link.url)
