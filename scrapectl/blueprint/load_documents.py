"""What a loader has to be told by AWS's names: its source, its staging, its table, where bad rows go."""

from __future__ import annotations

from typing import Any

from scrapectl.blueprint.json_text import json_text
from scrapectl.blueprint.load_staging import staging_place
from scrapectl.blueprint.message_queues import dead_letter_address
from scrapectl.blueprint.role import role_ref
from scrapectl.blueprint.scope import Scope
from scrapectl.engine.values import Ref
from scrapectl.spec.load_document import VARIABLE, load_document
from scrapectl.spec.model import BucketPlace, Function, Job, Loader, MessageQueue


def load_environment(scope: Scope, runner: Job | Function) -> dict[str, Any]:
    """The variable that tells a loader what to load; nothing for what is no loader.

    A job is told everything. A function has in its zip what the spec alone decides, for Lambda takes 4 KB of variables.
    """
    loader = scope.spec.loaders.get(runner.key)
    if loader is None:
        return {}
    named = _named(scope, loader)
    return {VARIABLE: json_text(named if isinstance(runner, Function) else load_document(scope.spec, loader) | named)}


def copy_role(loader: str) -> str:
    """What the role is called by which Redshift reads what a loader staged."""
    return f"copy-{loader}"


def dead_letters_of(scope: Scope, loader: Loader) -> MessageQueue | None:
    """The queue whose dead letters a loader may load again: its own, when it is the pipeline's."""
    if isinstance(loader.source, BucketPlace):
        return None
    queue = scope.spec.message_queues[loader.source.queue]
    return queue if queue.existing is None else None


def _named(scope: Scope, loader: Loader) -> dict[str, Any]:
    bad = loader.bad_rows
    return {
        "region": scope.facts.region,
        "source": _source(scope, loader),
        "staging": staging_place(scope, loader),
        "target": _redshift(scope, loader) if loader.into.section == "warehouses" else _database(scope, loader),
        "bad_rows": {**_place(scope, bad.to), "max": bad.max} if bad else None,
    }


def _source(scope: Scope, loader: Loader) -> dict[str, Any]:
    if isinstance(loader.source, BucketPlace):
        return _place(scope, loader.source)
    queue = dead_letters_of(scope, loader)
    dead = {"dead": Ref(dead_letter_address(scope, queue), "url")} if queue else {}
    return {"queue": scope.ref("message_queues", loader.source.queue, "url"), **dead}


def _place(scope: Scope, place: BucketPlace) -> dict[str, Any]:
    return {"bucket": scope.ref("buckets", place.bucket, "name"), "prefix": place.prefix}


def _table(scope: Scope, loader: Loader) -> dict[str, Any]:
    into = loader.into
    return {
        "engine": into.engine,
        "database": scope.ref(into.section, into.key, "database"),
        "schema": into.schema,
        "table": into.table,
        "secret": scope.ref(into.section, into.key, "secret"),
    }


def _database(scope: Scope, loader: Loader) -> dict[str, Any]:
    key = loader.into.key
    where = {"host": scope.ref("databases", key, "endpoint"), "port": scope.ref("databases", key, "port")}
    return {**_table(scope, loader), **where}


def _redshift(scope: Scope, loader: Loader) -> dict[str, Any]:
    warehouse = scope.spec.warehouses[loader.into.key]
    named = {"workgroup" if warehouse.is_serverless else "cluster": scope.ref("warehouses", warehouse.key, "name")}
    theirs = warehouse.existing is not None
    return {
        **_table(scope, loader),
        **named,
        "copy_role": warehouse.role if theirs else role_ref(scope, copy_role(loader.key)),
    }
