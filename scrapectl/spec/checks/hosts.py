"""Finds hosts that EC2 or Auto Scaling refuse, or that never do what was meant: crons, processors, user data."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scrapectl.spec.checks.schedules import check_cron_at, check_zone_at
from scrapectl.spec.checks.statements import check_statements
from scrapectl.spec.checks.texts import check_shares_named, texts_of
from scrapectl.spec.cron import CronProblem, next_times
from scrapectl.spec.cron_unix import unix_cron
from scrapectl.spec.findings import show
from scrapectl.spec.instances import platform_of
from scrapectl.spec.model import Template
from scrapectl.units import format_duration

if TYPE_CHECKING:
    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Host, HostSchedule, Spec

# "User data is limited to 16 KB, in raw form, before it is base64-encoded": EC2 User Guide, "Run commands at launch".
USER_DATA_BYTES = 16 * 1024
# What the host's own program takes of it, compressed; a test keeps it below this.
BOOTSTRAP_BYTES = 9 * 1024
# What a reference may become that only AWS knows, such as an endpoint.
_OF_A_REFERENCE = 200
_OURS = "SCRAPECTL_"
# Starts are looked at from a fixed day, so that a spec that is right today is right tomorrow.
_FIRST = datetime(2024, 1, 1, tzinfo=UTC)
_STARTS = 60


def check_host_keys(values: dict[str, Any], findings: Findings) -> None:
    """Check that each host has a script or an image, and says nothing of the other."""
    for key, host in values.get("hosts", {}).items():
        path = f"hosts.{key}"
        if "script" in host and "image" in host:
            findings.add(path, "only one of script or image may stand here.", "Keep one.")
        elif "script" in host and "command" in host:
            findings.add(f"{path}.command", "is of an image.", "Remove it, or write it as a line of script.")
        elif not {"script", "image"} & set(host) and all(findings.is_sound(f"{path}.{k}") for k in ("script", "image")):
            findings.add(path, "script or image is missing.", "Write script: [python3 scraper.py], or image.")


def check_host(spec: Spec, host: Host, findings: Findings) -> None:
    """Check one host."""
    _check_processor(spec, host, findings)
    _check_variables(host, findings)
    _check_uploads(host, findings)
    _check_size(host, findings)
    check_statements(host, findings)
    check_shares_named(spec, host, findings)
    for schedule in host.schedules.values():
        _check_schedule(host, schedule, findings)


def _check_processor(spec: Spec, host: Host, findings: Findings) -> None:
    has = platform_of(host.instance_type)
    if has != host.platform:
        message = f"{host.instance_type} is {has}, and the host is to run on {host.platform}."
        findings.add(f"{host.origin}.instance_type", message, f"Write platform: {has}, or another instance type.")
    image = spec.image_of(host)
    if image and image.platform != host.platform:
        message = f'the image "{image.key}" is built for {image.platform}, and the host runs on {host.platform}.'
        findings.add(f"{host.origin}.image", message, f"Write platform: {host.platform} in both, for example.")


def _check_variables(host: Host, findings: Findings) -> None:
    for section, names in (("environment", host.environment), ("secrets", host.secrets)):
        for variable in names:
            path = f"{host.origin}.{section}.{variable}"
            if variable.startswith(_OURS):
                findings.add(path, f"names that begin with {_OURS} belong to scrapectl.", "Choose another name.")
            elif section == "environment" and variable in host.secrets:
                findings.add(path, f'"{variable}" stands in secrets too.', "Remove one of the two.")


def _check_uploads(host: Host, findings: Findings) -> None:
    for folder, place in host.upload.items():
        if place.prefix and not place.prefix.endswith("/"):
            message = f"{show(str(place))} is no folder: the files would be named {place.prefix}…"
            findings.add(f"{host.origin}.upload.{folder}", message, f"Write {place}/.")


def _check_size(host: Host, findings: Findings) -> None:
    """User data is compressed; what is counted here is what it holds of the host's own."""
    texts = list(texts_of(host))
    open_parts = sum(not isinstance(part, str) for _, t in texts if isinstance(t, Template) for part in t.parts)
    size = len(zlib.compress(json.dumps([str(text) for _, text in texts]).encode())) + open_parts * _OF_A_REFERENCE
    if size + BOOTSTRAP_BYTES > USER_DATA_BYTES:
        message = f"comes to about {size} bytes of user data, compressed; {USER_DATA_BYTES - BOOTSTRAP_BYTES} fit."
        findings.add(host.origin, message, "Keep the scraper in an image or a repository, and fetch it in setup.")


def _check_schedule(host: Host, schedule: HostSchedule, findings: Findings) -> None:
    for key, text in (("cron", schedule.cron), ("stop", schedule.stop)):
        if text is not None:
            _check_cron(f"{schedule.origin}.{key}", text, findings)
    check_zone_at(f"{schedule.origin}.timezone", schedule.timezone, findings)
    if schedule.stop is not None and findings.is_sound(schedule.origin):
        _check_stop(host, schedule, schedule.stop, findings)


def _check_cron(path: str, text: str, findings: Findings) -> None:
    check_cron_at(path, text, findings)
    if findings.is_sound(path):
        try:
            unix_cron(text)
        except CronProblem as problem:
            what, _, instead = str(problem).rpartition(". ")
            findings.add(path, f"{what}.", instead)


def _check_stop(host: Host, schedule: HostSchedule, stop: str, findings: Findings) -> None:
    """A stop has to come while the run of its start may last: after the start, and before the timeout."""
    for start in next_times(f"cron({schedule.cron})", schedule.timezone, _FIRST, _STARTS):
        stops = next_times(f"cron({stop})", schedule.timezone, start, 1)
        after = int((stops[0].astimezone(UTC) - start.astimezone(UTC)).total_seconds()) if stops else None
        if after is None or after > host.timeout:
            when = f"first comes {format_duration(after)} after a start" if after else "never comes after a start"
            message = f"{when}, and timeout ends the run after {format_duration(host.timeout)}."
            findings.add(f"{schedule.origin}.stop", message, "Write a time soon after cron, or a longer timeout.")
            return
