"""`scrapectl images push`: the pipeline's images, built and pushed."""

from __future__ import annotations

import click

from scrapectl.cli.completing import keys_of
from scrapectl.cli.options import Settings, file_option
from scrapectl.cli.root import command


@command(
    "images push",
    click.argument("name", required=False, shell_complete=keys_of("images")),
    click.option("--force", is_flag=True, help="Build and push also what stands unchanged: for a new base image."),
    file_option,
)
def images_push(settings: Settings, *, name: str | None, file: str | None, force: bool) -> int:
    """Make repositories and images as the spec wants them; jobs run a new image after the next apply."""
    from scrapectl.cli.pushing import push  # noqa: PLC0415 - `images push --help` needs none of it

    return push(settings, name, file, force=force)
