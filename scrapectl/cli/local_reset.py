"""`scrapectl local reset`: the embedded cloud, empty again."""

from __future__ import annotations

from scrapectl.cli.options import Settings
from scrapectl.cli.root import command
from scrapectl.views.output import print_document, print_line


@command("local reset")
def local_reset(settings: Settings) -> None:
    """Throw away what stands, and start afresh."""
    from scrapectl.local import client  # noqa: PLC0415 - `local reset --help` needs none of it

    endpoint = client.reset()
    if settings.json:
        print_document({"running": True, "endpoint_url": endpoint.url, "region": endpoint.region, "resources": {}})
    else:
        print_line(f"The embedded cloud is empty, and answers at {endpoint.url}.")
