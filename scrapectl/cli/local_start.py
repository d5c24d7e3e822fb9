"""`scrapectl local start`: the embedded cloud, in the background or here."""

from __future__ import annotations

import click

from scrapectl.cli.options import Settings
from scrapectl.cli.root import command
from scrapectl.errors import UsageError
from scrapectl.views.output import print_document, print_line


@command(
    "local start",
    click.option("--foreground", is_flag=True, help="Serve here, for any AWS client on this machine, until Ctrl-C."),
    click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="With --foreground: the port."),
)
def local_start(settings: Settings, *, foreground: bool, port: int) -> None:
    """Start it, and tell its address."""
    if port and not foreground:
        raise UsageError("--port goes with --foreground.", "In the background a free port is taken.")
    from scrapectl.local import client  # noqa: PLC0415 - `local start --help` needs none of it

    def tell_address(endpoint: client.Endpoint) -> None:
        if settings.json:
            print_document({"running": True, "endpoint_url": endpoint.url, "region": endpoint.region})
        else:
            print_line(f"The embedded cloud answers at {endpoint.url} (region {endpoint.region}).")

    if foreground:
        client.serve_foreground(port, tell_address)
    else:
        tell_address(client.ensure_running())
