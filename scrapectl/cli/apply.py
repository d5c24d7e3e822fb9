"""`scrapectl apply`: plan, ask, do."""

from __future__ import annotations

import click

from scrapectl.cli.completing import origins
from scrapectl.cli.options import Settings, file_option, spec_argument, spec_path
from scrapectl.cli.root import command


@command(
    "apply",
    spec_argument,
    click.option("--yes", is_flag=True, help="Do not ask."),
    click.option("--plan", "plan_file", metavar="FILE", help="Only what this plan says, and nothing when AWS moved."),
    click.option(
        "--only",
        multiple=True,
        metavar="ADDRESS|ORIGIN",
        help="Only this and what it needs; deletes nothing.",
        shell_complete=origins,
    ),
    click.option("--parallel", type=click.IntRange(1, 64), default=16, metavar="N", help="So many changes at a time."),
    click.option("--no-build", is_flag=True, help="Build no image; refuse when one is missing."),
    click.option("--kill", is_flag=True, help="End the runs in what must go, instead of waiting for them."),
    click.option("--delete-data", is_flag=True, help="Let go of buckets that hold objects."),
    click.option("--keep-data", is_flag=True, help="Keep what holds data, whatever the spec says."),
    click.option("--takeover", is_flag=True, help="Take over a name that another spec's things stand under."),
    file_option,
)
def apply(
    settings: Settings,
    *,
    spec: str | None,
    file: str | None,
    yes: bool,
    plan_file: str | None,
    only: tuple[str, ...],
    parallel: int,
    no_build: bool,
    kill: bool,
    delete_data: bool,
    keep_data: bool,
    takeover: bool,
) -> int:
    """Make AWS as the spec wants it."""
    from scrapectl.cli.carrying import Wishes, apply_spec  # noqa: PLC0415 - `apply --help` needs none of it
    from scrapectl.pipeline import Options  # noqa: PLC0415 - the same

    options = Options(
        delete_data=delete_data,
        keep_data=keep_data,
        takeover=takeover,
        only=only,
        parallel=parallel,
        build=not no_build,
        kill=kill,
    )
    path = spec_path(spec, file) if spec or file or not plan_file else None
    return apply_spec(settings, path, options, Wishes(yes, plan_file))
