"""`scrapectl doctor`: what this machine, its credentials and the spec lack."""

from __future__ import annotations

from scrapectl.cli.options import Settings, file_option, spec_argument
from scrapectl.cli.root import command


@command("doctor", spec_argument, file_option)
def doctor(settings: Settings, *, spec: str | None, file: str | None) -> int:
    """Look at everything, and tell each check as it comes out."""
    from scrapectl.cli.examining import examine  # noqa: PLC0415 - `doctor --help` needs none of it
    from scrapectl.views.checks import check_lines, checks_document  # noqa: PLC0415 - the same
    from scrapectl.views.output import print_document  # noqa: PLC0415 - the same

    found = []
    for check in examine(settings, spec, file):
        found.append(check)
        if not settings.json:
            from scrapectl.views.console import console, print_lines  # noqa: PLC0415 - JSON needs no rich

            print_lines(console(no_color=settings.no_color), check_lines(check))
    document = checks_document(found)
    if settings.json:
        print_document(document)
    return 0 if document["healthy"] else 1
