"""`scrapectl graph`: the pipeline as a picture."""

from __future__ import annotations

import click

from scrapectl.cli.completing import keys_of
from scrapectl.cli.options import Settings, file_option, spec_argument
from scrapectl.cli.root import command


@command(
    "graph",
    spec_argument,
    click.option(
        "--workflow", "name", metavar="NAME", help="The states of one workflow.", shell_complete=keys_of("workflows")
    ),
    file_option,
)
def graph(settings: Settings, *, spec: str | None, name: str | None, file: str | None) -> None:
    """Print the picture in Mermaid's words."""
    from scrapectl.cli.drawing import draw  # noqa: PLC0415 - `--help` needs none of it
    from scrapectl.cli.reach import read_spec  # noqa: PLC0415 - the same
    from scrapectl.views.output import print_document, print_text  # noqa: PLC0415 - the same

    read = read_spec(settings, spec, file)
    text, more = draw(read, name)
    if settings.json:
        print_document({"pipeline": read.pipeline, "stage": read.stage, "mermaid": text, **more})
    else:
        print_text(text)
