"""`scrapectl local status`: whether the embedded cloud runs, and what stands in it."""

from __future__ import annotations

from scrapectl.cli.options import Settings
from scrapectl.cli.root import command
from scrapectl.views.output import print_document, print_line


@command("local status")
def local_status(settings: Settings) -> None:
    """Ask it; starts nothing. The keys stand in the JSON alone."""
    from scrapectl.local import client  # noqa: PLC0415 - `local status --help` needs none of it
    from scrapectl.views.embedded import status_document, status_lines  # noqa: PLC0415 - the same

    status = client.status()
    if settings.json:
        print_document(status_document(status))
    for line in status_lines(status) if not settings.json else ():
        print_line(line)
