"""Turns the checked values of a job and its schedules into the dataclasses of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.spec import model, words
from scrapectl.spec.build_loaders import build_expectation
from scrapectl.spec.build_parts import build_access, build_mounts, build_schedule, build_secrets, build_topic
from scrapectl.spec.defaults import Choice, choose_queue, choose_share

if TYPE_CHECKING:
    from scrapectl.spec.entries import Entries, Values


def build_job(entries: Entries, key: str, queues: dict[str, model.JobQueue]) -> model.Job:
    """Build a job; one without an image (already told) keeps an empty one."""
    values, findings = entries.entry("jobs", key), entries.findings
    origin = values["origin"]
    choice = Choice(tuple(queues), findings, origin, values["where"])
    queue = values["queue"] = choose_queue(values.get("queue"), choice)
    share = values["share"] = choose_share(values.get("share"), queues.get(queue), findings, f"{origin}.share")
    values["image"] = values.get("image", "")
    words.check_image(values["image"], entries.names("images"), findings, f"{origin}.image")
    values["access"] = build_access(entries, values)
    values["secrets"] = build_secrets(entries, values)
    values["mounts"] = build_mounts(entries, values)
    values["command"] = tuple(values.get("command", ()))
    if "retry_on" in values:
        values["retry_on"] = tuple(values["retry_on"])
    if "vcpus" in values:
        values["vcpus"] = float(values["vcpus"])
    values["on_failure"] = build_topic(entries, values)
    values["expect"] = build_expectation(entries, values)
    values["schedules"] = {
        name: _schedule(entries, name, values, (queues.get(queue), share)) for name in values.get("schedules", {})
    }
    return model.Job(**values)


def _schedule(
    entries: Entries, name: str, job: Values, waits: tuple[model.JobQueue | None, str | None]
) -> model.Schedule:
    """Build a schedule; share and array that it does not say are its job's."""
    written, (queue, share) = job["schedules"][name], waits
    if "share" in written:
        path = f"{job['origin']}.schedules.{name}.share"
        share = choose_share(written["share"], queue, entries.findings, path)
    return build_schedule(name, job, share=share, array=written.get("array", job.get("array")))
