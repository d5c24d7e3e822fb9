"""`scrapectl policy`: the least IAM policy for what somebody shall do with this pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from scrapectl.cli.options import Settings, file_option, spec_argument
from scrapectl.cli.root import command

if TYPE_CHECKING:
    from scrapectl.pipeline.permissions import Purpose


@command(
    "policy",
    spec_argument,
    click.option(
        "--for",
        "purpose",
        type=click.Choice(["apply", "run", "read", "destroy"]),
        required=True,
        help="What it shall let somebody do.",
    ),
    click.option("--out", metavar="DIR", help="Write each document to a file of its own in this folder."),
    file_option,
)
def policy(settings: Settings, *, spec: str | None, file: str | None, purpose: Purpose, out: str | None) -> None:
    """Work it out from the spec's names, and print it."""
    from scrapectl.cli.placing import whereabouts  # noqa: PLC0415 - `policy --help` needs none of it
    from scrapectl.cli.reach import read_spec  # noqa: PLC0415 - the same
    from scrapectl.pipeline.permissions import grants  # noqa: PLC0415 - the same
    from scrapectl.pipeline.policy_documents import documents  # noqa: PLC0415 - the same
    from scrapectl.pipeline.policy_notes import notes  # noqa: PLC0415 - the same
    from scrapectl.views.policies import Policies, show_policies, write_policies  # noqa: PLC0415 - the same

    read = read_spec(settings, spec, file)
    where = whereabouts(settings, read)
    needed = grants(read, purpose, where)
    parts = documents(needed)
    told = notes(read, purpose, needed, len(parts))
    made = Policies(read.owner, purpose, where.account, where.region, parts, told)
    show_policies(made, write_policies(made, out) if out else (), as_json=settings.json)
