"""`scrapectl local start`: the embedded cloud, in the background or here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from scrapectl.cli.options import Settings
from scrapectl.cli.root import command
from scrapectl.errors import UsageError
from scrapectl.views.output import print_document, print_line


@command(
    "local start",
    click.option("--foreground", is_flag=True, help="Serve here, for any AWS client on this machine, until Ctrl-C."),
    click.option(
        "--policy",
        "policies",
        multiple=True,
        metavar="FILE",
        help="With --foreground: an IAM policy that its clients are held to; may be given again.",
    ),
    click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="With --foreground: the port."),
)
def local_start(settings: Settings, *, foreground: bool, port: int, policies: tuple[str, ...]) -> None:
    """Start it, and tell its address."""
    if port and not foreground:
        raise UsageError("--port goes with --foreground.", "In the background a free port is taken.")
    if policies and not foreground:
        raise UsageError("--policy goes with --foreground.", "In the background everything is allowed.")
    documents = [document for file in policies for document in _documents(file)]
    from scrapectl.local import client  # noqa: PLC0415 - `local start --help` needs none of it

    def tell_address(endpoint: client.Endpoint) -> None:
        if settings.json:
            print_document({"running": True, "endpoint_url": endpoint.url, "region": endpoint.region})
        else:
            print_line(f"The embedded cloud answers at {endpoint.url} (region {endpoint.region}).")

    if foreground:
        client.serve_foreground(port, tell_address, documents)
    else:
        tell_address(client.ensure_running())


def _documents(file: str) -> list[dict[str, Any]]:
    """The policy documents of a file, one after the other, as `scrapectl policy` prints them."""
    try:
        text = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--policy {file} cannot be read: {error}.") from error
    found: list[dict[str, Any]] = []
    try:
        while text:
            document, end = json.JSONDecoder().raw_decode(text)
            statements = document["Statement"]
            found.append({**document, "Statement": statements if isinstance(statements, list) else [statements]})
            text = text[end:].lstrip()
    except (ValueError, KeyError, TypeError) as error:
        hint = "It is JSON with Version and Statement: scrapectl policy --for apply"
        raise UsageError(f"--policy {file} is no IAM policy.", hint) from error
    return found
