"""`scrapectl images build`: the pipeline's images, built on this machine and not pushed."""

from __future__ import annotations

import click

from scrapectl.cli.completing import keys_of
from scrapectl.cli.options import Settings, file_option
from scrapectl.cli.root import command


@command(
    "images build",
    click.argument("name", required=False, shell_complete=keys_of("images")),
    click.option("--force", is_flag=True, help="Ask for the base image again, and use no layer of an earlier build."),
    file_option,
)
def images_build(settings: Settings, *, name: str | None, file: str | None, force: bool) -> None:
    """Build one image, or all; AWS is not asked."""
    from scrapectl.cli.building import build  # noqa: PLC0415 - `images build --help` needs none of it
    from scrapectl.views.images import print_built  # noqa: PLC0415 - the same

    print_built(build(settings, name, file, force=force), as_json=settings.json)
