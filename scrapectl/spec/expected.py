"""Says who checks what is expected of a job's items: the loaders that read them, else a function of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.spec.model import BucketPlace

if TYPE_CHECKING:
    from scrapectl.spec.model import Job, Loader, Spec


def readers_of(spec: Spec, place: BucketPlace) -> list[Loader]:
    """List the loaders that read what may lie in a place."""
    found = []
    for loader in spec.loaders.values():
        source = loader.source
        if isinstance(source, BucketPlace) and source.bucket == place.bucket and _nested(source.prefix, place.prefix):
            found.append(loader)
    return found


def checked_by_itself(spec: Spec) -> list[Job]:
    """List the jobs of whose items something is expected, and which no loader reads."""
    return [job for job in spec.jobs.values() if job.expect and not readers_of(spec, job.expect.place)]


def keeps_records(spec: Spec) -> bool:
    """Say whether loads, or checks, are written down: then there is a bucket for that."""
    return bool(spec.loaders or checked_by_itself(spec))


def _nested(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)
