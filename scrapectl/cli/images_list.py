"""`scrapectl images list`: what stands in the pipeline's repositories."""

from __future__ import annotations

import click

from scrapectl.cli.completing import keys_of
from scrapectl.cli.options import Settings, file_option, pipeline_option
from scrapectl.cli.root import command


@command(
    "images list",
    click.argument("name", required=False, shell_complete=keys_of("images")),
    file_option,
    pipeline_option,
)
def images_list(settings: Settings, *, name: str | None, file: str | None, pipeline: str | None) -> None:
    """List images with the job definitions that name them."""
    from scrapectl.cli.building import repository_name  # noqa: PLC0415 - `images list --help` needs none of it
    from scrapectl.cli.reach import reach  # noqa: PLC0415 - the same
    from scrapectl.operate.standing_images import list_images  # noqa: PLC0415 - the same
    from scrapectl.views.images import print_images  # noqa: PLC0415 - the same

    reached = reach(settings, file, pipeline)
    spec = reached.spec
    known = [repository_name(spec, image) for image in spec.images.values() if image.build is not None] if spec else []
    images = list_images(reached.aws, reached.owner, name, known)
    print_images(images, as_json=settings.json, no_color=settings.no_color)
