"""`scrapectl destroy`: the end of a pipeline."""

from __future__ import annotations

import click

from scrapectl.cli.options import Settings, file_option, pipeline_option, spec_argument
from scrapectl.cli.root import command


@command(
    "destroy",
    spec_argument,
    click.option("--yes", is_flag=True, help="Do not ask for the name."),
    click.option("--delete-data", is_flag=True, help="Delete what buckets hold, too; not what the spec keeps."),
    click.option("--keep-data", is_flag=True, help="Keep what holds data, whatever the spec says."),
    file_option,
    pipeline_option,
)
def destroy(
    settings: Settings,
    *,
    spec: str | None,
    file: str | None,
    pipeline: str | None,
    yes: bool,
    delete_data: bool,
    keep_data: bool,
) -> int:
    """Remove everything that the instance owns."""
    from scrapectl.cli.asking import ask  # noqa: PLC0415 - `destroy --help` needs none of it
    from scrapectl.cli.carrying import YES_HINT, Consent, carry_out  # noqa: PLC0415 - the same
    from scrapectl.cli.reach import reach, refuse_unknown  # noqa: PLC0415 - the same
    from scrapectl.pipeline import Instance, Options, plan_destroy  # noqa: PLC0415 - the same
    from scrapectl.views.output import tell  # noqa: PLC0415 - the same

    reached = reach(settings, file, pipeline, spec)
    name, _, stage = reached.owner.partition(".")
    options = Options(delete_data=delete_data, keep_data=keep_data, command="destroy")
    planned = plan_destroy(Instance(name, stage or None, reached.spec), reached.aws, options, tell)
    if reached.spec is None and planned.finds_nothing:
        refuse_unknown(reached)
    question = f"This cannot be undone. Type {reached.owner} to destroy it:"
    consent = Consent(lambda _plan: yes or ask(question, YES_HINT) == reached.owner, yes)
    return carry_out(settings, planned, reached.aws, options, consent)
