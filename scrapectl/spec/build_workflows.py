"""Turns the checked values of workflows, and of each of their steps, into the dataclasses of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapectl.spec import model, words
from scrapectl.spec.build_loaders import runs_on
from scrapectl.spec.build_parts import build_access, build_schedule, build_topic, paths_of
from scrapectl.spec.defaults import Choice
from scrapectl.spec.entries import inside
from scrapectl.spec.findings import show

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapectl.spec.entries import Entries, Values

STEPS = ("copy", "run", "call", "parallel", "wait", "load")


def build_workflows(entries: Entries) -> dict[str, model.Workflow]:
    """Build the workflows; `states` of one with a definition was read beside the spec (see `asl.read`)."""
    return {key: _workflow(entries, key) for key in entries.names("workflows")}


def _workflow(entries: Entries, key: str) -> model.Workflow:
    values = entries.entry("workflows", key)
    values["access"] = build_access(entries, values)
    values["on_failure"] = build_topic(entries, values)
    values["schedules"] = {name: build_schedule(name, values) for name in values.get("schedules", {})}
    values["steps"] = _Steps(entries, values).of(values.get("steps", ()), "steps")
    return model.Workflow(**values)


class _Steps:
    """Builds the steps of one workflow; those that are wrong (told) are left out."""

    def __init__(self, entries: Entries, workflow: Values) -> None:
        self.entries = entries
        self.findings = entries.findings
        self.workflow = workflow

    def of(self, written: Iterable[Values], path: str) -> tuple[model.Step, ...]:
        """Build a list of steps; `path` is where it stands in the workflow."""
        made = (self.step(step, f"{path}.{number}") for number, step in enumerate(written))
        return tuple(step for step in made if step)

    def step(self, written: Values, path: str) -> model.Step | None:
        """Build a step of the one key it has."""
        where = inside(self.workflow, path)
        origin = where["origin"]
        if not written and self.findings.is_sound(origin):
            self.findings.add(origin, "is an empty step.", f"Write one of {', '.join(STEPS)}.")
        for key, value in written.items():
            place = {**where, **inside(self.workflow, f"{path}.{key}")}
            if key == "wait":
                return model.WaitStep(**place, seconds=value)
            if key == "parallel":
                branches = [self.of(branch, f"{path}.{key}.{number}") for number, branch in enumerate(value)]
                return model.ParallelStep(**place, branches=tuple(branches))
            built: model.Step | None = getattr(self, key)(value, place)
            return built
        return None

    def copy(self, values: Values, place: Values) -> model.CopyStep | None:
        """Build a copy; between what, is checked later."""
        source, target = (self.place(values.get(key), f"{place['origin']}.{key}") for key in ("from", "to"))
        if source is None or target is None:
            return None
        return model.CopyStep(**place, source=source, target=target, only=values.get("only"))

    def place(self, text: str | None, path: str) -> model.BucketPlace | model.FilePlace | None:
        """Read a place in a bucket or in a file system, which share one set of names."""
        if text is None:
            return None
        name = text.partition("/")[0]
        buckets, paths = self.entries.names("buckets"), paths_of(self.entries)
        if name in paths:
            return words.file_place(text, paths, self.findings, path)
        if name in buckets:
            return words.bucket_place(text, buckets, self.findings, path)
        hint = self.findings.suggest(name, [*buckets, *paths], "Add it to buckets or filesystems.")
        self.findings.add(path, f"there is no bucket or file system {show(name)}.", hint)
        return None

    def run(self, values: Values | str, place: Values) -> model.RunStep | None:
        """Build the run of a job."""
        named = self.named("job", "jobs", values, place)
        return model.RunStep(**place, **named) if named else None

    def call(self, values: Values | str, place: Values) -> model.CallStep | None:
        """Build the call of a function."""
        named = self.named("function", "functions", values, place)
        return model.CallStep(**place, **named) if named else None

    def load(self, loader: str, place: Values) -> model.RunStep | model.CallStep | None:
        """Build the run of a loader: that of what it is run as."""
        known = self.named("loader", "loaders", loader, place)
        if known is None:
            return None
        as_job = runs_on(self.entries.values["loaders"][loader]) == "job"
        return model.RunStep(**place, job=loader) if as_job else model.CallStep(**place, function=loader)

    def named(self, what: str, section: str, values: Values | str, place: Values) -> dict[str, Any] | None:
        """Give the fields of a step that is a name, or a map with it; None when nothing has that name (told)."""
        fields = {what: values} if isinstance(values, str) else values
        path = place["origin"] if isinstance(values, str) else f"{place['origin']}.{what}"
        choice = Choice(tuple(self.entries.names(section)), self.findings, path, place["where"])
        return fields if what in fields and choice.has(fields[what], what, section, path) else None
