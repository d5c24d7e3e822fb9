"""The mail box of a cloud: what SNS would have sent, to be looked at; every address counts as confirmed."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

MOST_KEPT = 1000


@dataclass(frozen=True)
class Mail:
    """One mail; `at` is a time in UTC as ISO 8601."""

    at: str
    to: str
    subject: str
    text: str
    topic: str


@dataclass
class MailBox:
    """Every mail so far, the newest last; the oldest give way when there are too many."""

    mails: list[Mail] = field(default_factory=list)


def send_mail(cloud: Cloud, to: str, subject: str, text: str, topic: str) -> None:
    """Put a mail into the cloud's mail box."""
    at = datetime.fromtimestamp(cloud.clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with cloud.lock:
        mails = cloud.store(MailBox, "global").mails
        mails.append(Mail(at, to, subject, text, topic))
        del mails[:-MOST_KEPT]


def mails_of(cloud: Cloud) -> list[dict[str, str]]:
    """Return every mail as plain data, the newest last."""
    with cloud.lock:
        return [asdict(mail) for mail in cloud.store(MailBox, "global").mails]
