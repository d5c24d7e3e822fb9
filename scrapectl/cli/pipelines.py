"""`scrapectl pipelines`: what stands in this account and region."""

from __future__ import annotations

from scrapectl.cli.options import Settings
from scrapectl.cli.root import command


@command("pipelines")
def pipelines(settings: Settings) -> None:
    """List every owner with its last apply."""
    from scrapectl.cli.reach import open_aws  # noqa: PLC0415 - `pipelines --help` needs none of it
    from scrapectl.pipeline import list_pipelines  # noqa: PLC0415 - the same
    from scrapectl.views.output import print_document, print_line  # noqa: PLC0415 - the same

    aws = open_aws(settings)
    found = list_pipelines(aws)
    if settings.json:
        print_document({"pipelines": found})
        return
    if not found:
        print_line(f"No pipeline stands in account {aws.account}, region {aws.region}.")
        return
    from scrapectl.views.console import console, print_table  # noqa: PLC0415 - JSON needs no rich

    rows = [
        (
            each["pipeline"],
            each["stage"],
            each["resources"],
            (each["last_apply"] or "never").replace("T", " ").replace("+00:00", "Z"),
        )
        for each in found
    ]
    print_table(console(no_color=settings.no_color), ("pipeline", "stage", "tagged things", "last apply"), rows)
