"""Turns the mails of an embedded cloud into lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from scrapectl.views.plain import clean_line


def mail_lines(mails: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Show each mail with its head, the newest last, and a blank line between two."""
    if not mails:
        yield "No mail was sent."
    for number, mail in enumerate(mails):
        if number:
            yield ""
        yield f"Date:    {clean_line(mail['at'])}"
        yield f"To:      {clean_line(mail['to'])}"
        yield f"Subject: {clean_line(mail['subject'])}"
        for line in mail["text"].splitlines():
            yield f"  {line}".rstrip()
