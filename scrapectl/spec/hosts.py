"""Hosts as frozen dataclasses: scrapers that run on an EC2 instance of their own, which ends with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scrapectl.spec.sections import Entry, Platform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapectl.spec.jobs import Access, BucketPlace, SecretRef
    from scrapectl.spec.template import Text


@dataclass(frozen=True, kw_only=True, slots=True)
class HostSchedule(Entry):
    """When a host starts: crons of six fields, without "cron()", in one zone.

    Attributes:
        stop: When whatever runs by then is ended; None: the host's timeout alone ends it.
    """

    cron: str
    stop: str | None = None
    timezone: str = "UTC"
    enabled: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Host(Entry):
    """A scraper on a short-lived EC2 instance: `script`, or `image` with `command`, never both.

    Attributes:
        setup: Shell lines that run first, as root, with `set -euo pipefail`.
        script: Shell lines of the scraper itself, with the same.
        image: A key of the spec's images, or an image URI as written; run by Docker or Podman on the host.
        upload: Folder on the host to the place in a bucket where its files go, also after a failure.
        disk: GiB of the root volume.
        timeout: Seconds from the start of `setup` until the run is ended.
        on_failure: Key of a topic that is told, instead of the alerts' one.
    """

    instance_type: str
    platform: Platform
    setup: tuple[Text, ...] = ()
    script: tuple[Text, ...] = ()
    image: Text | None = None
    command: tuple[Text, ...] = ()
    upload: Mapping[str, BucketPlace] = field(default_factory=dict)
    environment: Mapping[str, Text] = field(default_factory=dict)
    secrets: Mapping[str, SecretRef] = field(default_factory=dict)
    access: Access
    disk: int = 8
    timeout: int = 3600
    on_failure: str | None = None
    schedules: Mapping[str, HostSchedule] = field(default_factory=dict)
