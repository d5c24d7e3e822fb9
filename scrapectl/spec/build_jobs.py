"""Turns the checked values of a job, its access and its schedules into the dataclasses of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.spec import model, words
from scrapectl.spec.defaults import Choice, choose_queue, choose_share
from scrapectl.spec.entries import inside
from scrapectl.spec.findings import show
from scrapectl.units import parse_duration

if TYPE_CHECKING:
    from scrapectl.spec.entries import Entries, Values

# What the keys of `access` name: sections, and the word for one of them.
_ACCESS = {
    "send": (("message_queues", "topics"), "message queue or topic"),
    "receive": (("message_queues",), "message queue"),
    "submit": (("jobs",), "job"),
    "connect": (("databases",), "database"),
}


def build_job(entries: Entries, key: str, queues: dict[str, model.JobQueue]) -> model.Job:
    """Build a job; one without an image (already told) keeps an empty one."""
    values, findings = entries.entry("jobs", key), entries.findings
    origin = values["origin"]
    choice = Choice(tuple(queues), findings, origin, values["where"])
    queue = values["queue"] = choose_queue(values.get("queue"), choice)
    share = values["share"] = choose_share(values.get("share"), queues.get(queue), findings, f"{origin}.share")
    values["image"] = values.get("image", "")
    words.check_image(values["image"], entries.names("images"), findings, f"{origin}.image")
    values["access"] = _access(entries, values)
    values["secrets"] = _secret_refs(entries, values)
    values["command"] = tuple(values.get("command", ()))
    if "retry_on" in values:
        values["retry_on"] = tuple(values["retry_on"])
    if "vcpus" in values:
        values["vcpus"] = float(values["vcpus"])
    if "on_failure" in values:
        names = entries.names("topics")
        known = Choice(tuple(names), findings, origin, values["where"])
        told = known.has(values["on_failure"], "topic", "topics", f"{origin}.on_failure")
        values["on_failure"] = values["on_failure"] if told else None
    values["schedules"] = {
        name: _schedule(entries, name, values, (queues.get(queue), share)) for name in values.get("schedules", {})
    }
    return model.Job(**values)


def _secret_refs(entries: Entries, job: Values) -> dict[str, model.SecretRef]:
    known, databases = entries.names("secrets"), entries.names("databases")
    found = {}
    for variable, text in job.get("secrets", {}).items():
        path = f"{job['origin']}.secrets.{variable}"
        name = text.partition(":")[0] if isinstance(text, str) else ""
        if name in databases and name not in known:
            hint = f'Write "${{database.{name}.secret}}:password".'
            entries.findings.add(path, f"{show(name)} is a database, and no entry of secrets.", hint)
            continue
        ref = words.secret_ref(text, known, entries.findings, path)
        if ref:
            found[variable] = ref
    return found


def _access(entries: Entries, job: Values) -> model.Access:
    values: Values = dict(job.get("access", {}))
    path = f"{job['origin']}.access"
    for key in ("read", "write"):
        texts = values.get(key, ())
        places = [
            words.bucket_place(text, entries.names("buckets"), entries.findings, f"{path}.{key}.{number}")
            for number, text in enumerate(texts)
        ]
        values[key] = tuple(place for place in places if place)
    for key, (sections, what) in _ACCESS.items():
        values[key] = entries.known(values.get(key, ()), sections, what, f"{path}.{key}")
    values["policy"] = tuple(values.get("policy", ()))
    return model.Access(**inside(job, "access"), **values)


def _schedule(
    entries: Entries, name: str, job: Values, waits: tuple[model.JobQueue | None, str | None]
) -> model.Schedule:
    """Build a schedule; share and array that it does not say are its job's."""
    values = {**job["schedules"][name], **inside(job, f"schedules.{name}"), "key": name}
    queue, share = waits
    written = values.get("share")
    path = f"{values['origin']}.share"
    values["share"] = choose_share(written, queue, entries.findings, path) if written else share
    values["array"] = values.get("array", job.get("array"))
    if "rate" in values:
        values["rate"] = parse_duration(values["rate"])
    values["deliver"] = model.Deliver(**values.get("deliver", {}))
    return model.Schedule(**values)
