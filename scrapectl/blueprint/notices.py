"""What the notifier must know of the pipeline: whom to tell of which job, and how to do again what was missed."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any

from scrapectl.blueprint.pipeline import log_group_name
from scrapectl.blueprint.scope import Scope
from scrapectl.blueprint.told import failure_topic, letter_topic
from scrapectl.engine.values import unknown
from scrapectl.spec import names
from scrapectl.spec.model import Function, Host, Job, Schedule, Workflow
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
        "functions": {scope.physical("functions", key): _function(scope, key) for key in scope.spec.functions},
        "workflows": dict(_workflows(scope)),
        "hosts": dict(_hosts(scope)),
        "dead_letters": scope.arn("topics", letters) if letters else None,
        "schedules": dict(_schedules(scope)) if letters else {},
    }
    routes["jobs"] = {name: route for name, route in routes["jobs"].items() if route["topic"]}
    return json.dumps(routes, sort_keys=True, indent=1).encode()


def _job(scope: Scope, job: Job) -> dict[str, Any]:
    topic = failure_topic(scope, job)
    return {"job": job.key, "topic": scope.arn("topics", topic) if topic else None}


def _function(scope: Scope, key: str) -> dict[str, Any]:
    topic = failure_topic(scope, scope.spec.functions[key])
    command = shlex.join(_words(scope, "run", key))
    return {"function": key, "topic": scope.arn("topics", topic) if topic else None, "command": command}


def _workflows(scope: Scope) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, workflow in scope.spec.workflows.items():
        if topic := failure_topic(scope, workflow):
            route = {"workflow": key, "topic": scope.arn("topics", topic), "own_states": workflow.states is not None}
            yield scope.physical("workflows", key), route


def _hosts(scope: Scope) -> Iterator[tuple[str, dict[str, str]]]:
    for key, host in scope.spec.hosts.items():
        if topic := failure_topic(scope, host):
            yield scope.physical("hosts", key), {"host": key, "topic": scope.arn("topics", topic)}


def _schedules(scope: Scope) -> list[tuple[str, dict[str, str]]]:
    found = []
    for started in (one for one in scope.spec.started if not isinstance(one, Host)):  # theirs are Auto Scaling's
        for schedule in started.schedules.values():
            name = schedule.name or names.schedule_name(started.key, schedule.key)
            found.append((name, {"job": started.key, "command": _command(scope, started, schedule)}))
    for database in scope.spec.databases.values():
        for verb in ("start", "stop") if database.power and database.existing is None else ():
            identifier = scope.physical("databases", database.key)
            command = f"aws rds {verb}-db-instance --db-instance-identifier {identifier} --region {scope.facts.region}"
            found.append((names.schedule_name(database.key, verb), {"job": database.key, "command": command}))
    return found


def _words(scope: Scope, *words: str) -> list[str]:
    """A command of scrapectl for this pipeline."""
    stage = ["--stage", scope.spec.stage] if scope.spec.stage else []
    return ["scrapectl", *words, "--pipeline", scope.spec.pipeline, *stage, "--region", scope.facts.region]


def _command(scope: Scope, started: Job | Function | Workflow, schedule: Schedule) -> str:
    """The run that a schedule would have started, as it is typed; a workflow's input is not among it."""
    words = _words(scope, "run", started.key)
    for name, value in sorted(schedule.environment.items()):
        told = scope.text(value)
        words += ["--env", f"{name}={_MASK if looks_secret(name) else value if unknown(told) else told}"]
    if isinstance(started, Job):
        words += ["--share", schedule.share] if schedule.share and schedule.share != started.share else []
        words += ["--array", str(schedule.array)] if schedule.array and schedule.array != started.array else []
    return shlex.join(words)
