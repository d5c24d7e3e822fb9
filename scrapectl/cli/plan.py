"""`scrapectl plan`: what apply would change."""

from __future__ import annotations

import shlex

import click

from scrapectl.cli.options import Settings, command_line, file_option, spec_argument
from scrapectl.cli.root import command


@command(
    "plan",
    spec_argument,
    click.option("--detailed-exitcode", is_flag=True, help="End with 2 when there are changes."),
    click.option("--out", metavar="FILE", help="Write the plan, for apply --plan FILE."),
    click.option("--markdown", is_flag=True, help="Print Markdown, for a pull request."),
    click.option("--calls", is_flag=True, help="Also show the AWS requests that apply would send."),
    file_option,
)
def plan(
    settings: Settings,
    *,
    spec: str | None,
    file: str | None,
    detailed_exitcode: bool,
    out: str | None,
    markdown: bool,
    calls: bool,
) -> int:
    """Make the plan and show it."""
    from scrapectl.cli.reach import open_aws, read_spec  # noqa: PLC0415 - `plan --help` needs none of it
    from scrapectl.cli.showing import check_form, show_plan  # noqa: PLC0415 - the same
    from scrapectl.pipeline import Options, plan_spec, rehearse  # noqa: PLC0415 - the same
    from scrapectl.views.output import tell  # noqa: PLC0415 - the same
    from scrapectl.views.plan_file import PlanFile  # noqa: PLC0415 - the same

    check_form(settings, markdown=markdown, calls=calls)
    read = read_spec(settings, spec, file, require_env=True)
    aws = open_aws(settings, read)
    planned = plan_spec(read, aws, Options(command="plan"), tell)
    made = planned.plan
    if out:
        PlanFile.of(made, read.file, settings.sets).write(out)
    show_plan(settings, made, markdown=markdown, requests=rehearse(planned, aws) if calls else None)
    if out:
        tell(f"Carry it out: {command_line(settings, f'apply --plan {shlex.quote(out)}')}")
    return 3 if made.refusals else 2 if detailed_exitcode and not made.empty else 0
