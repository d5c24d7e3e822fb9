"""Turns the checked values of triggers into the dataclasses of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from scrapectl.spec import model, words
from scrapectl.spec.build_loaders import runs_on
from scrapectl.spec.defaults import Choice
from scrapectl.spec.findings import one_of

if TYPE_CHECKING:
    from scrapectl.spec.entries import Entries, Values
    from scrapectl.spec.started import StartedSection

# What may be started, and where it stands.
_STARTED: dict[str, StartedSection | Literal["loaders"]] = {
    "workflow": "workflows",
    "job": "jobs",
    "function": "functions",
    "loader": "loaders",
    "message_queue": "message_queues",
}
_OF_UPLOADS = {"suffix": "on", "via": "", "deliver": ""}
_OF_MESSAGES = ("batch", "window")


def build_triggers(entries: Entries) -> dict[str, model.Trigger]:
    """Build the triggers; one without an event or a thing to start (told) is left out."""
    made = {}
    for key in entries.names("triggers"):
        values = entries.entry("triggers", key)
        event, started = _event(entries, values), _started(entries, values)
        if event is None or started is None:
            continue
        del values["start"]
        values["on"], (values["section"], values["starts"]) = event, started
        values["deliver"] = model.Deliver(**values.get("deliver", {}))
        made[key] = model.Trigger(**values)
    return made


def _event(entries: Entries, trigger: Values) -> model.UploadEvent | model.MessageEvent | None:
    on, path, findings = trigger.get("on", {}), f"{trigger['origin']}.on", entries.findings
    if ("upload" in on) == ("message_queue" in on):
        if findings.is_sound(path):
            message = "one event starts a trigger, not two." if on.get("upload") else "what starts it is missing."
            findings.add(path, message, "Write upload: raw/in/ or message_queue: rows.")
        return None
    if "upload" in on:
        for key in _OF_MESSAGES:
            if key in on:
                findings.add(f"{path}.{key}", f"{key} is for messages, not for uploads.", "Remove it.")
        place = words.bucket_place(on["upload"], entries.names("buckets"), findings, f"{path}.upload")
        return model.UploadEvent(place, on.get("suffix", "")) if place else None
    for key, within in _OF_UPLOADS.items():
        if key in (on if within else trigger):
            where = f"{path}.{key}" if within else f"{trigger['origin']}.{key}"
            findings.add(where, f"{key} is for uploads, not for messages.", "Remove it.")
    choice = Choice(tuple(entries.names("message_queues")), findings, path, trigger["where"])
    if not choice.has(on["message_queue"], "message queue", "message_queues", f"{path}.message_queue"):
        return None
    return model.MessageEvent(on["message_queue"], **{key: on[key] for key in _OF_MESSAGES if key in on})


def _started(entries: Entries, trigger: Values) -> tuple[StartedSection, str] | None:
    """Give the section and the key of what is started."""
    path, findings = f"{trigger['origin']}.start", entries.findings
    for what, name in trigger.get("start", {}).items():
        section = _STARTED[what]
        choice = Choice(tuple(entries.names(section)), findings, path, trigger["where"])
        if choice.has(name, what.replace("_", " "), section, f"{path}.{what}"):
            if section != "loaders":
                return section, name
            return ("jobs" if runs_on(entries.values["loaders"][name]) == "job" else "functions"), name
        return None
    if findings.is_sound(path):
        findings.add(path, "nothing is started.", f"Write {one_of(_STARTED)}.")
    return None
