"""Finds two things of one spec that would have one name in AWS; each is told at its own line."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from scrapectl.spec import names
from scrapectl.spec.expected import checked_by_itself, keeps_records
from scrapectl.spec.findings import show
from scrapectl.spec.model import UploadEvent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Spec, Written

Taken: TypeAlias = "dict[tuple[str, str], list[Written]]"

_SECTIONS = (
    *("images", "secrets", "buckets", "message_queues", "topics"),
    *("compute_environments", "job_queues", "jobs", "databases", "warehouses"),
    *("filesystems", "functions", "workflows", "desktops", "hosts"),
)
# Bucket names end in account and region, which are not known here; their lengths are what matters.
_ACCOUNT = "0" * 12
_LONGEST_REGION = "ap-southeast-10"


def check_physical_names(spec: Spec, findings: Findings) -> None:
    """Tell of every name that is taken twice, at both places."""
    taken: Taken = {}
    for kind, name, entry in named(spec):
        taken.setdefault((kind, name), []).append(entry)
    _check_own_names(spec, taken, findings)
    told: set[tuple[str, ...]] = set()
    for (_, name), entries in taken.items():
        origins = tuple(entry.origin for entry in entries)
        if len(entries) < 2 or origins in told:  # noqa: PLR2004
            continue  # two queues with one name have dead-letter queues with one name as well
        told.add(origins)
        for entry in entries:
            others = [other for other in entries if other is not entry]
            names_of = " and ".join(f"{other.origin} (line {other.where.line})" for other in others) or entry.origin
            path = f"{entry.origin}.name" if "name" in entry.places else entry.origin
            findings.add(path, f"its name in AWS, {show(name)}, is also that of {names_of}.", "Rename one.")


def _check_own_names(spec: Spec, taken: Taken, findings: Findings) -> None:
    """The instance has a dead-letter queue, functions and a launch template of its own, which nobody wrote."""
    own = [("message_queues", names.dead_letter_name(spec.pipeline, spec.stage, None), "dead-letter queue")]
    for what in ("notifier", "starter", *(("expect",) if checked_by_itself(spec) else ())):
        name = names.physical_name(spec.pipeline, spec.stage, None, what, limit=names.FUNCTION_LIMIT)
        own.append(("functions", name, what))
    if any(environment.on_ec2 for environment in spec.compute_environments.values()):
        name = names.physical_name(spec.pipeline, spec.stage, None, "instances", limit=names.LAUNCH_TEMPLATE_LIMIT)
        own.append(("hosts", name, "launch template"))
    if keeps_records(spec):
        place = (spec.account or _ACCOUNT, spec.region or _LONGEST_REGION)
        own.append(("buckets", names.bucket_name(spec.pipeline, spec.stage, "loads", *place), "bucket of loads"))
    for section, name, what in own:
        for entry in taken.get((section, name), ()):
            path = f"{entry.origin}.name" if "name" in entry.places else entry.origin
            findings.add(path, f"{show(name)} is the pipeline's own {what}.", "Rename it.")


def named(spec: Spec) -> Iterator[tuple[str, str, Written]]:
    """Yield (kind, physical name, what has it) for everything that is ours."""
    owner, place = (spec.pipeline, spec.stage), (spec.account or _ACCOUNT, spec.region or _LONGEST_REGION)
    for section in _SECTIONS:
        for entry in getattr(spec, section).values():
            if getattr(entry, "existing", None) is None:
                yield section, names.entry_name(owner, section, entry, *place), entry
    for key, queue in spec.message_queues.items():
        if queue.existing is None:
            yield "message_queues", names.dead_letter_name(*owner, key, queue.name), queue
    yield from _schedules(spec)
    yield from _of_triggers(spec, place)
    yield from _of_checks(spec)


def _of_checks(spec: Spec) -> Iterator[tuple[str, str, Written]]:
    """Yield the rules that hear of the end of jobs whose items are then checked."""
    for job in checked_by_itself(spec):
        name = names.physical_name(spec.pipeline, spec.stage, job.key, "expect", limit=names.RULE_LIMIT)
        yield "rules", name, job


def _of_triggers(spec: Spec, place: tuple[str, str]) -> Iterator[tuple[str, str, Written]]:
    """Yield the rules and trails of triggers, and the state machines of those that start a job or a function."""
    owner = (spec.pipeline, spec.stage)
    for key, trigger in spec.triggers.items():
        if isinstance(trigger.on, UploadEvent):
            if trigger.via != "notification":
                yield "rules", trigger.name or names.physical_name(*owner, key, limit=names.RULE_LIMIT), trigger
            if trigger.section in {"jobs", "functions"}:
                machine = trigger.name or names.trigger_machine_name(*owner, key)
                yield "workflows", machine, trigger
            if trigger.via == "cloudtrail":
                yield "trails", names.physical_name(*owner, key, limit=names.TRAIL_LIMIT), trigger
                yield "buckets", names.trail_bucket_name(*owner, key, *place), trigger


def _schedules(spec: Spec) -> Iterator[tuple[str, str, Written]]:
    """Yield what stands in the instance's group: schedules of what runs, and the power hours of databases."""
    for section in ("jobs", "functions", "workflows"):
        for runner, entry in getattr(spec, section).items():
            for key, schedule in entry.schedules.items():
                yield "schedules", schedule.name or names.schedule_name(runner, key), schedule
    for key, database in spec.databases.items():
        if database.power is not None:
            for what in ("start", "stop"):
                yield "schedules", names.schedule_name(key, what), database.power
