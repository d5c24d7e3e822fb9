"""Turns the checked values of hosts into the dataclasses of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.spec import model, words
from scrapectl.spec.build_parts import build_access, build_secrets, build_topic
from scrapectl.spec.entries import inside
from scrapectl.spec.instances import platform_of

if TYPE_CHECKING:
    from scrapectl.spec.entries import Entries, Values

# The smallest that hold a scraper and the tools that install it.
_TYPES = {"X86_64": "t3.micro", "ARM64": "t4g.micro"}


def build_hosts(entries: Entries) -> dict[str, model.Host]:
    """Build the hosts."""
    return {key: _host(entries, key) for key in entries.names("hosts")}


def _host(entries: Entries, key: str) -> model.Host:
    values = entries.entry("hosts", key)
    if "image" in values:
        words.check_image(values["image"], entries.names("images"), entries.findings, f"{values['origin']}.image")
    written = values.get("instance_type")
    values["platform"] = values.get("platform") or (platform_of(written) if written else "X86_64")
    values["instance_type"] = written or _TYPES[values["platform"]]
    values["access"] = build_access(entries, values)
    values["secrets"] = build_secrets(entries, values)
    values["upload"] = _uploads(entries, values)
    for lines in ("setup", "script", "command"):
        values[lines] = tuple(values.get(lines, ()))
    values["on_failure"] = build_topic(entries, values)
    schedules = values.get("schedules", {})
    values["schedules"] = {name: _schedule(name, values) for name in schedules if "cron" in schedules[name]}
    return model.Host(**values)


def _uploads(entries: Entries, host: Values) -> dict[str, model.BucketPlace]:
    """Build what is uploaded where; places that no bucket has (told) are left out."""
    found = {}
    for folder, text in host.get("upload", {}).items():
        path = f"{host['origin']}.upload.{folder}"
        place = words.bucket_place(text, entries.names("buckets"), entries.findings, path)
        if place:
            found[folder] = place
    return found


def _schedule(name: str, host: Values) -> model.HostSchedule:
    return model.HostSchedule(**{**host["schedules"][name], **inside(host, f"schedules.{name}"), "key": name})
