"""`scrapectl stop`: cancel or end runs."""

from __future__ import annotations

import click

from scrapectl.cli.completing import keys_of
from scrapectl.cli.options import Settings, file_option, pipeline_option
from scrapectl.cli.root import command
from scrapectl.views.output import print_document, print_line

_DONE = {"cancel": "cancelled", "terminate": "terminated", "stop": "stopped"}


@command(
    "stop",
    click.argument("name", required=False, metavar="NAME|RUN-ID", shell_complete=keys_of("jobs", "workflows")),
    click.option("--all", "every", is_flag=True, help="All active runs: of the name, or without one the pipeline's."),
    click.option("--reason", default="stopped by scrapectl", metavar="TEXT", help="Why; the run shows it."),
    file_option,
    pipeline_option,
)
def stop(
    settings: Settings, *, name: str | None, every: bool, reason: str, file: str | None, pipeline: str | None
) -> None:
    """End the runs that are meant, and tell which."""
    from scrapectl.cli.reach import reach  # noqa: PLC0415 - `stop --help` needs none of it
    from scrapectl.operate.runnables import find_runnables  # noqa: PLC0415 - the same
    from scrapectl.operate.stop import active_runs  # noqa: PLC0415 - the same

    reached = reach(settings, file, pipeline)
    runnables = find_runnables(reached.aws, reached.owner)
    stopped = runnables.stop(active_runs(runnables, name, every=every), reason)
    if settings.json:
        runs = [{"run": run.id, "name": run.name, "state": run.state, "action": done} for run, done in stopped]
        print_document({"runs": runs})
        return
    for run, done in stopped:
        print_line(f"{_DONE[done]} {run.name} {run.id} ({run.state})")
    if not stopped:
        print_line("Nothing runs or waits.")
