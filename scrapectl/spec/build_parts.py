"""Turns what jobs, functions, workflows and desktops all may say into the model: access, secrets, mounts, schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.spec import model, words
from scrapectl.spec.defaults import Choice
from scrapectl.spec.entries import inside
from scrapectl.spec.findings import show
from scrapectl.units import parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapectl.spec.entries import Entries, Values

# What the keys of `access` name: sections, and the word for one of them.
_ACCESS = {
    "send": (("message_queues", "topics"), "message queue or topic"),
    "receive": (("message_queues",), "message queue"),
    "submit": (("jobs",), "job"),
    "start": (("workflows",), "workflow"),
    "call": (("functions",), "function"),
    "connect": (("databases", "warehouses"), "database or warehouse"),
}


def build_access(entries: Entries, owner: Values) -> model.Access:
    """Build what something may do; names that nothing has (told) are left out."""
    values: Values = dict(owner.get("access", {}))
    path = f"{owner['origin']}.access"
    for key in ("read", "write"):
        texts = values.get(key, ())
        places = [
            words.bucket_place(text, entries.names("buckets"), entries.findings, f"{path}.{key}.{number}")
            for number, text in enumerate(texts)
        ]
        values[key] = tuple(place for place in places if place)
    for key, (sections, what) in _ACCESS.items():
        values[key] = entries.known(values.get(key, ()), sections, what, f"{path}.{key}")
    values["asked"] = tuple(name for name in values["connect"] if name in entries.names("warehouses"))
    values["policy"] = tuple(values.get("policy", ()))
    return model.Access(**inside(owner, "access"), **values)


def build_secrets(entries: Entries, owner: Values) -> dict[str, model.SecretRef]:
    """Build the variables that are read from secrets; wrong ones (told) are left out."""
    known, databases = entries.names("secrets"), entries.names("databases")
    found = {}
    for variable, text in owner.get("secrets", {}).items():
        path = f"{owner['origin']}.secrets.{variable}"
        name = text.partition(":")[0] if isinstance(text, str) else ""
        if name in databases and name not in known:
            hint = f'Write "${{database.{name}.secret}}:password".'
            entries.findings.add(path, f"{show(name)} is a database, and no entry of secrets.", hint)
            continue
        ref = words.secret_ref(text, known, entries.findings, path)
        if ref:
            found[variable] = ref
    return found


def build_mounts(entries: Entries, owner: Values) -> dict[str, model.FilePlace]:
    """Build what is mounted where; places that no file system has (told) are left out."""
    found = {}
    for at, text in owner.get("mounts", {}).items():
        place = words.file_place(text, paths_of(entries), entries.findings, f"{owner['origin']}.mounts.{at}")
        if place:
            found[at] = place
    return found


def paths_of(entries: Entries) -> dict[str, Iterable[str]]:
    """List the paths of each file system."""
    return {key: entry.get("paths", {}) for key, entry in entries.values.get("filesystems", {}).items()}


def build_topic(entries: Entries, owner: Values) -> str | None:
    """Give the topic that is told of failures; None when none is written, or none has that name (told)."""
    written: str | None = owner.get("on_failure")
    if written is None:
        return None
    choice = Choice(tuple(entries.names("topics")), entries.findings, owner["origin"], owner["where"])
    return written if choice.has(written, "topic", "topics", f"{owner['origin']}.on_failure") else None


def build_schedule(name: str, owner: Values, **more: object) -> model.Schedule:
    """Build a schedule of anything; `more` is what it takes from what it starts."""
    values = {**owner["schedules"][name], **inside(owner, f"schedules.{name}"), "key": name, **more}
    if "rate" in values:
        values["rate"] = parse_duration(values["rate"])
    values["deliver"] = model.Deliver(**values.get("deliver", {}))
    return model.Schedule(**values)
