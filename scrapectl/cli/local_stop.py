"""`scrapectl local stop`: the embedded cloud ends, with what stood in it."""

from __future__ import annotations

from scrapectl.cli.options import Settings
from scrapectl.cli.root import command
from scrapectl.views.output import print_document, print_line


@command("local stop")
def local_stop(settings: Settings) -> None:
    """Stop it, and tell whether it ran."""
    from scrapectl.local import client  # noqa: PLC0415 - `local stop --help` needs none of it

    stopped = client.stop()
    if settings.json:
        print_document({"running": False, "stopped": stopped})
    else:
        print_line("The embedded cloud has stopped." if stopped else "The embedded cloud does not run.")
