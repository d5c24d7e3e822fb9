"""`scrapectl schedule next`: when jobs start next."""

from __future__ import annotations

import click

from scrapectl.cli.completing import keys_of
from scrapectl.cli.options import Settings, file_option, pipeline_option
from scrapectl.cli.root import command


@command(
    "schedule next",
    click.argument("job", required=False, shell_complete=keys_of("jobs")),
    click.option("-n", "count", type=click.IntRange(1, 1000), default=5, metavar="N", help="So many starts each."),
    file_option,
    pipeline_option,
)
def schedule_next(settings: Settings, *, job: str | None, count: int, file: str | None, pipeline: str | None) -> None:
    """Work them out from the spec, or from what stands."""
    from scrapectl.cli.reach import reach, read_spec  # noqa: PLC0415 - `--help` needs none of it
    from scrapectl.operate.jobs import find_jobs  # noqa: PLC0415 - the same
    from scrapectl.operate.schedules import of_job, spec_timings, standing_timings  # noqa: PLC0415 - the same
    from scrapectl.views.timings import print_timings  # noqa: PLC0415 - the same

    if pipeline is None:
        spec = read_spec(settings, None, file)
        timings = of_job(spec_timings(spec), job, spec.jobs)
    else:
        reached = reach(settings, file, pipeline)
        jobs = find_jobs(reached.aws, reached.owner)
        timings = of_job(standing_timings(reached.aws, reached.owner, jobs), job, jobs)
    print_timings(timings, count, as_json=settings.json, no_color=settings.no_color)
