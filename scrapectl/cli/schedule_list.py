"""`scrapectl schedule list`: the schedules that stand."""

from __future__ import annotations

from scrapectl.cli.options import Settings, file_option, pipeline_option
from scrapectl.cli.root import command


@command("schedule list", file_option, pipeline_option)
def schedule_list(settings: Settings, *, file: str | None, pipeline: str | None) -> None:
    """Read them, and show each with its next start."""
    from scrapectl.cli.reach import reach  # noqa: PLC0415 - `--help` needs none of it
    from scrapectl.operate.runnables import find_runnables  # noqa: PLC0415 - the same
    from scrapectl.operate.schedules import standing_timings  # noqa: PLC0415 - the same
    from scrapectl.views.timings import print_timings  # noqa: PLC0415 - the same

    reached = reach(settings, file, pipeline)
    timings = standing_timings(reached.aws, reached.owner, find_runnables(reached.aws, reached.owner).things)
    print_timings(timings, 1, as_json=settings.json, no_color=settings.no_color)
