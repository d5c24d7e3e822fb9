"""`scrapectl logs`: what runs said."""

from __future__ import annotations

import click

from scrapectl.cli.completing import RUNNABLE
from scrapectl.cli.options import Settings, file_option, pipeline_option
from scrapectl.cli.root import command


@command(
    "logs",
    click.argument("name", required=False, metavar="[NAME|RUN-ID]", shell_complete=RUNNABLE),
    click.option("--follow", is_flag=True, help="Go on until the run has ended and its log is complete."),
    click.option("--since", metavar="AGE", help="Only lines not older than 1h, 30m, 2d…"),
    click.option("--filter", "text", metavar="TEXT", help="Only lines that hold this text."),
    click.option("--last", type=click.IntRange(1, 1000), default=1, metavar="N", help="Of the last N runs."),
    click.option("--all", "everything", is_flag=True, help="Of every child and every attempt, merged by time."),
    file_option,
    pipeline_option,
)
def logs(
    settings: Settings,
    *,
    name: str | None,
    follow: bool,
    since: str | None,
    text: str | None,
    last: int,
    everything: bool,
    file: str | None,
    pipeline: str | None,
) -> None:
    """Print the lines of the runs that are meant."""
    from scrapectl.cli.reach import reach  # noqa: PLC0415 - `logs --help` needs none of it
    from scrapectl.cli.telling import Lines, print_logs  # noqa: PLC0415 - the same

    wanted = Lines.of(since, text, last, everything=everything)
    print_logs(settings, reach(settings, file, pipeline), name, wanted, follow=follow)
