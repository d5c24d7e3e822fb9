"""`scrapectl load status`: what loaders have loaded, and what they refused."""

from __future__ import annotations

import click

from scrapectl.cli.completing import keys_of
from scrapectl.cli.options import Settings, file_option, pipeline_option
from scrapectl.cli.root import command


@command(
    "load status",
    click.argument("name", required=False, shell_complete=keys_of("loaders")),
    click.option("--last", type=click.IntRange(1, 1000), default=5, metavar="N", help="So many loads of each loader."),
    file_option,
    pipeline_option,
)
def load_status(settings: Settings, *, name: str | None, last: int, file: str | None, pipeline: str | None) -> None:
    """Read what they have written down."""
    from scrapectl.cli.loading import read_loads  # noqa: PLC0415 - `load status --help` needs none of it
    from scrapectl.cli.reach import reach  # noqa: PLC0415 - the same
    from scrapectl.views.loads import print_loads  # noqa: PLC0415 - the same

    loads = read_loads(reach(settings, file, pipeline), name, last)
    print_loads(loads, as_json=settings.json, no_color=settings.no_color)
