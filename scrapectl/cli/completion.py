"""`scrapectl completion`: what a shell reads to complete commands, options and the spec's names."""

from __future__ import annotations

import click

from scrapectl.cli.completing import SHELLS, source
from scrapectl.cli.options import Settings
from scrapectl.cli.root import command
from scrapectl.views.output import print_document, print_text


@command("completion", click.argument("shell", type=click.Choice(SHELLS)))
def completion(settings: Settings, *, shell: str) -> None:
    """Print it."""
    if settings.json:
        print_document({"shell": shell, "source": source(shell)})
    else:
        print_text(source(shell))
