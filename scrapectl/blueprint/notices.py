"""What the notifier must know of the pipeline: whom to tell of which job, and how to do again what was missed."""

from __future__ import annotations

import json
import shlex
from typing import Any

from scrapectl.blueprint.pipeline import log_group_name
from scrapectl.blueprint.scope import Scope
from scrapectl.blueprint.told import failure_topic, letter_topic
from scrapectl.engine.values import unknown
from scrapectl.spec import names
from scrapectl.spec.model import Job, Schedule
from scrapectl.spec.secrecy import looks_secret

_MASK = "…"


def notices(scope: Scope) -> bytes:
    """Write `routes.json` of the notifier (containers/notifier/README.md has its shape)."""
    letters = letter_topic(scope)
    routes: dict[str, Any] = {
        "pipeline": scope.spec.pipeline,
        "stage": scope.spec.stage,
        "region": scope.facts.region,
        "log_group": log_group_name(scope),
        "jobs": {scope.physical("jobs", job.key): _job(scope, job) for job in scope.spec.jobs.values()},
        "dead_letters": scope.arn("topics", letters) if letters else None,
        "schedules": dict(_schedules(scope)) if letters else {},
    }
    routes["jobs"] = {name: route for name, route in routes["jobs"].items() if route["topic"]}
    return json.dumps(routes, sort_keys=True, indent=1).encode()


def _job(scope: Scope, job: Job) -> dict[str, Any]:
    topic = failure_topic(scope, job)
    return {"job": job.key, "topic": scope.arn("topics", topic) if topic else None}


def _schedules(scope: Scope) -> list[tuple[str, dict[str, str]]]:
    found = []
    for job in scope.spec.jobs.values():
        for schedule in job.schedules.values():
            name = schedule.name or names.schedule_name(job.key, schedule.key)
            found.append((name, {"job": job.key, "command": _command(scope, job, schedule)}))
    for database in scope.spec.databases.values():
        for verb in ("start", "stop") if database.power and database.existing is None else ():
            identifier = scope.physical("databases", database.key)
            command = f"aws rds {verb}-db-instance --db-instance-identifier {identifier} --region {scope.facts.region}"
            found.append((names.schedule_name(database.key, verb), {"job": database.key, "command": command}))
    return found


def _command(scope: Scope, job: Job, schedule: Schedule) -> str:
    """The run that a schedule would have started, as it is typed."""
    words = ["scrapectl", "run", job.key, "--pipeline", scope.spec.pipeline]
    words += ["--stage", scope.spec.stage] if scope.spec.stage else []
    words += ["--region", scope.facts.region]
    for name, value in sorted(schedule.environment.items()):
        told = scope.text(value)
        words += ["--env", f"{name}={_MASK if looks_secret(name) else value if unknown(told) else told}"]
    words += ["--share", schedule.share] if schedule.share and schedule.share != job.share else []
    words += ["--array", str(schedule.array)] if schedule.array and schedule.array != job.array else []
    return shlex.join(words)
