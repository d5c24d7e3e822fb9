"""`scrapectl status`: resources, runs, next starts."""

from __future__ import annotations

import click

from scrapectl.cli.completing import RUNNABLE
from scrapectl.cli.options import Settings, file_option, pipeline_option
from scrapectl.cli.root import command


@command(
    "status",
    click.argument("name", required=False, shell_complete=RUNNABLE),
    click.option("--watch", is_flag=True, help="Show it again whenever it changes, until Ctrl-C."),
    file_option,
    pipeline_option,
)
def status(settings: Settings, *, name: str | None, watch: bool, file: str | None, pipeline: str | None) -> None:
    """Read the status and show it."""
    from scrapectl.cli.reach import reach  # noqa: PLC0415 - `status --help` needs none of it
    from scrapectl.cli.watching import show_status, watch_status  # noqa: PLC0415 - the same

    reached = reach(settings, file, pipeline)
    if watch:
        watch_status(settings, reached, name)
    else:
        show_status(settings, reached, name)
