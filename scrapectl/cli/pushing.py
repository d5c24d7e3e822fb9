"""The images that are meant → built and pushed, each told with its digest."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from scrapectl.aws.session import Session
from scrapectl.cli.building import meant
from scrapectl.cli.options import Settings
from scrapectl.cli.reach import open_aws, read_spec
from scrapectl.errors import ApplyFailed, Interrupted
from scrapectl.operate.images import push_image
from scrapectl.pipeline import Applied, Options, apply_plan, plan_spec
from scrapectl.spec.model import Image, Spec
from scrapectl.views.output import print_document, print_line, tell
from scrapectl.views.progress import Progress


def push(settings: Settings, name: str | None, file: str | None, *, force: bool) -> int:
    """Push one image, or all that the spec builds; one that stands unchanged only with `force`."""
    spec = read_spec(settings, None, file, require_env=True)
    images = meant(spec, name)
    aws = open_aws(settings, spec)
    options = Options(only=tuple(image.origin for image in images), command="images push")
    planned = plan_spec(spec, aws, options, tell)
    aws.image_pusher = functools.partial(push_image, anew=force)
    with Progress(no_color=settings.no_color) as progress:
        applied = apply_plan(planned, aws, options, progress)
    if applied.interrupted:
        raise Interrupted("Interrupted: what had begun was finished.", "Run it again to go on.")
    rows = [_row(spec, image, applied) for image in images]
    if force:
        rows = [row if row["pushed"] else _again(aws, spec, row) for row in rows]
    if settings.json:
        print_document({"images": rows})
    for row in rows if not settings.json else ():
        print_line(f"{row['name']} {row['uri']} ({'pushed' if row['pushed'] else 'unchanged, not pushed'})")
    return 0


def _row(spec: Spec, image: Image, applied: Applied) -> dict[str, Any]:
    """An image as it stands now, and whether it was pushed just now.

    Raises:
        ApplyFailed: It was not pushed.
    """
    address = f"ecr_image.{'-'.join(part for part in (spec.pipeline, spec.stage, image.key) if part)}"
    failed = next((outcome for outcome in applied.outcomes if outcome.error), None)
    fresh = {outcome.change.address: outcome.live for outcome in applied.outcomes}
    live = fresh.get(address)
    outputs: Mapping[str, str] | None = live.outputs if live else applied.plan.outputs.get(address)
    if failed or outputs is None:
        why = f"{failed.change.address}: {failed.error}" if failed else f"{address} was not pushed."
        raise ApplyFailed(why, "Run it again to go on.")
    return {"name": image.key, "uri": outputs["uri"], "digest": outputs["digest"], "pushed": live is not None} | {
        "tag": outputs["name"].rpartition(":")[2]
    }


def _again(aws: Session, spec: Spec, row: dict[str, Any]) -> dict[str, Any]:
    """Build and push an image whose folder did not change."""
    image, repository = spec.images[row["name"]], row["uri"].partition("@")[0]
    tell(f"building {row['name']} anew")
    digest = aws.push_image(repository, str(spec.folder / str(image.build)), row["tag"], image.platform)
    return {**row, "uri": f"{repository}@{digest}", "digest": digest, "pushed": True}
