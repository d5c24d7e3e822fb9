"""`scrapectl schedule next`: what starts next, and when."""

from __future__ import annotations

import click

from scrapectl.cli.completing import RUNNABLE
from scrapectl.cli.options import Settings, file_option, pipeline_option
from scrapectl.cli.root import command


@command(
    "schedule next",
    click.argument("name", required=False, shell_complete=RUNNABLE),
    click.option("-n", "count", type=click.IntRange(1, 1000), default=5, metavar="N", help="So many starts each."),
    file_option,
    pipeline_option,
)
def schedule_next(settings: Settings, *, name: str | None, count: int, file: str | None, pipeline: str | None) -> None:
    """Work them out from the spec, or from what stands."""
    from scrapectl.cli.reach import reach, read_spec  # noqa: PLC0415 - `--help` needs none of it
    from scrapectl.operate.runnables import find_runnables  # noqa: PLC0415 - the same
    from scrapectl.operate.schedules import of_name, spec_timings, standing_timings  # noqa: PLC0415 - the same
    from scrapectl.views.timings import print_timings  # noqa: PLC0415 - the same

    if pipeline is None:
        spec = read_spec(settings, None, file)
        timings = of_name(spec_timings(spec), name, [*spec.jobs, *spec.functions, *spec.workflows, *spec.hosts])
    else:
        reached = reach(settings, file, pipeline)
        things = find_runnables(reached.aws, reached.owner).things
        timings = of_name(standing_timings(reached.aws, reached.owner, things), name, things)
    print_timings(timings, count, as_json=settings.json, no_color=settings.no_color)
