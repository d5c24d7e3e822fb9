"""`scrapectl local mail`: the mails that would have been sent."""

from __future__ import annotations

from scrapectl.cli.options import Settings
from scrapectl.cli.root import command
from scrapectl.views.output import print_document, print_line


@command("local mail")
def local_mail(settings: Settings) -> None:
    """Show what its mail box holds; starts nothing."""
    from scrapectl.local import client  # noqa: PLC0415 - `local mail --help` needs none of it
    from scrapectl.views.mail import mail_lines  # noqa: PLC0415 - the same

    mails = client.mails()
    if settings.json:
        print_document({"mails": mails})
    for line in mail_lines(mails) if not settings.json else ():
        print_line(line)
