"""`scrapectl load retry`: what a loader refused, loaded again."""

from __future__ import annotations

import click

from scrapectl.cli.completing import keys_of
from scrapectl.cli.options import Settings, file_option, pipeline_option
from scrapectl.cli.root import command


@command(
    "load retry",
    click.argument("name", shell_complete=keys_of("loaders")),
    click.argument("run", required=False),
    click.option("--wait", is_flag=True, help="End with the load, and with its exit code."),
    click.option("--follow", is_flag=True, help="The same, and print its log."),
    file_option,
    pipeline_option,
)
def load_retry(
    settings: Settings,
    *,
    name: str,
    run: str | None,
    wait: bool,
    follow: bool,
    file: str | None,
    pipeline: str | None,
) -> int:
    """Begin the load anew, and stay with it as wished."""
    from scrapectl.cli.launch import Stay, launch  # noqa: PLC0415 - `load retry --help` needs none of it
    from scrapectl.cli.loading import what_again  # noqa: PLC0415 - the same
    from scrapectl.cli.reach import reach  # noqa: PLC0415 - the same
    from scrapectl.operate.functions import RETRY  # noqa: PLC0415 - the same
    from scrapectl.operate.overrides import Overrides  # noqa: PLC0415 - the same
    from scrapectl.operate.runnables import find_runnables  # noqa: PLC0415 - the same

    reached = reach(settings, file, pipeline)
    among = find_runnables(reached.aws, reached.owner)
    again = Overrides({RETRY: what_again(reached, among, name, run)})
    return launch(settings, reached, name, again, Stay(wait, follow), among=among)
