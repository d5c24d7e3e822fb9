"""`scrapectl drift`: what differs though the spec did not change."""

from __future__ import annotations

import click

from scrapectl.cli.options import Settings, file_option, spec_argument
from scrapectl.cli.root import command


@command(
    "drift",
    spec_argument,
    click.option("--detailed-exitcode", is_flag=True, help="End with 2 when something drifted."),
    file_option,
)
def drift(settings: Settings, *, spec: str | None, file: str | None, detailed_exitcode: bool) -> int:
    """Make the plan, and show what of it AWS's side moved."""
    from scrapectl.cli.reach import open_aws, read_spec  # noqa: PLC0415 - `drift --help` needs none of it
    from scrapectl.pipeline import Options, find_drift, plan_spec  # noqa: PLC0415 - the same
    from scrapectl.views.drift import drift_document, drift_lines  # noqa: PLC0415 - the same
    from scrapectl.views.output import print_document, tell  # noqa: PLC0415 - the same

    read = read_spec(settings, spec, file, require_env=True)
    options = Options(command="drift", only_compares=True)
    found = find_drift(plan_spec(read, open_aws(settings, read), options, tell))
    if settings.json:
        print_document(drift_document(found))
    else:
        from scrapectl.views.console import console, print_lines  # noqa: PLC0415 - JSON needs no rich

        print_lines(console(no_color=settings.no_color), drift_lines(found))
    return 2 if detailed_exitcode and found.found else 0
