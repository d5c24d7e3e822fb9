"""`scrapectl schedule pause`: keep schedules from starting anything."""

from __future__ import annotations

import click

from scrapectl.cli.completing import RUNNABLE, schedules
from scrapectl.cli.options import Settings, file_option, pipeline_option
from scrapectl.cli.root import command


@command(
    "schedule pause",
    click.argument("name", shell_complete=RUNNABLE),
    click.argument("schedule", required=False, shell_complete=schedules),
    file_option,
    pipeline_option,
)
def schedule_pause(
    settings: Settings, *, name: str, schedule: str | None, file: str | None, pipeline: str | None
) -> None:
    """Pause those that are meant, and tell what came of each."""
    from scrapectl.cli.reach import reach  # noqa: PLC0415 - `--help` needs none of it
    from scrapectl.operate.pauses import hold_schedules  # noqa: PLC0415 - the same
    from scrapectl.views.output import tell  # noqa: PLC0415 - the same
    from scrapectl.views.timings import print_held  # noqa: PLC0415 - the same

    reached = reach(settings, file, pipeline)
    held = hold_schedules(reached.aws, reached.owner, name, schedule, pause=True, tell=tell)
    print_held(held, "paused", as_json=settings.json)
