"""`functions` → a Lambda function each, with its role, its layers, and the queues that start it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from scrapectl.blueprint import network
from scrapectl.blueprint.filesystems import door
from scrapectl.blueprint.function_roles import function_role_ref, function_roles, message_triggers
from scrapectl.blueprint.images import job_image
from scrapectl.blueprint.json_text import json_text
from scrapectl.blueprint.load_documents import load_environment
from scrapectl.blueprint.pipeline import dead_letter_ref, function_groups, log_group_ref
from scrapectl.blueprint.scope import Scope
from scrapectl.blueprint.secret_access import secret_arn
from scrapectl.blueprint.zipped import code_digest
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref
from scrapectl.engine.values import Text as Mixed
from scrapectl.kinds.lambda_event_source import LambdaEventSource
from scrapectl.kinds.lambda_function import FileMount, LambdaFunction
from scrapectl.kinds.lambda_layer import LambdaLayer
from scrapectl.spec import names
from scrapectl.spec.checks.reach import in_network
from scrapectl.spec.model import Function, MessageEvent, SecretRef, Trigger

WRAPPER_HANDLER = "scrapectl_wrapper.handler"
HANDLER, SECRETS = "SCRAPECTL_HANDLER", "SCRAPECTL_SECRETS"
"""What tells the wrapper (containers/wrapper) which handler to call, and which secrets to read."""

_HOUR = 3600


def desired(scope: Scope) -> Iterator[Desired]:
    """Roles, layers, functions, and what takes messages out of queues for them."""
    yield from function_roles(scope)
    seen: set[str] = set()
    for function in scope.spec.functions.values():
        for layer in _layers(scope, function):
            if layer.address not in seen:
                seen.add(layer.address)
                yield layer
        after = network.ways(scope) if in_network(function) else ()
        places = {path.split(".")[0]: place for path, place in reversed(list(function.places.items()))}
        yield scope.desire_entry("functions", function, _function(scope, function), places=places, after=after)
    for trigger, event in message_triggers(scope):
        yield _event_source(scope, trigger, event)


def _function(scope: Scope, function: Function) -> LambdaFunction:
    stands = in_network(function)
    return LambdaFunction(
        name=scope.physical("functions", function.key),
        **_code(scope, function),
        role=function_role_ref(scope, function),
        memory=function.memory,
        timeout=function.timeout,
        disk=function.disk if function.disk != 512 else None,  # noqa: PLR2004 - what every function has
        environment=_environment(scope, function),
        platform=function.platform,
        subnets=network.private_subnets(scope) if stands else (),
        security_groups=function_groups(scope) if stands else (),
        mounts=frozenset(
            FileMount(door(scope, place).access_point_arn, path) for path, place in function.mounts.items()
        ),
        log_group=log_group_ref(scope),
        concurrency=function.concurrency,
        on_failure=dead_letter_ref(scope),
        within_seconds=_HOUR,
        description=f"Function {function.key} of {scope.owner}",
    )


def _code(scope: Scope, function: Function) -> dict[str, Any]:
    """What it runs: an image by its digest, or its zip, before whose handler the wrapper stands."""
    if function.image is not None:
        image, _ = job_image(scope, function)
        command = tuple(scope.text(part) for part in function.command)
        return {"code": "", "handler": "", "runtime": "", "image": image, "command": command}
    package = scope.facts.packages.get(function.key, b"")
    return {
        "code": code_digest(package),
        "package": package,
        "handler": WRAPPER_HANDLER if _is_wrapped(function) else function.handler,
        "runtime": function.runtime,
        "layers": tuple(_layer_arn(scope, function, layer) for layer in function.layers),
    }


def _is_wrapped(function: Function) -> bool:
    return function.image is None and function.runtime.startswith("python")


def _environment(scope: Scope, function: Function) -> dict[str, Any]:
    address = scope.address("functions", function.key)
    given = {name: scope.text(value, address) for name, value in function.environment.items()}
    given |= load_environment(scope, function)
    if _is_wrapped(function):
        given[HANDLER] = function.handler
    if function.secrets:
        given[SECRETS] = json_text({name: _secret(scope, secret) for name, secret in function.secrets.items()})
    return given


def _secret(scope: Scope, secret: SecretRef) -> Any:
    arn = secret_arn(scope, secret)
    if secret.json_key is None:
        return arn
    return Mixed((*(arn.parts if isinstance(arn, Mixed) else (arn,)), f":{secret.json_key}"))


def _layers(scope: Scope, function: Function) -> Iterator[Desired]:
    """A layer for each folder or .zip; its content stands in its name, so that the new one is used before the old ends.

    Another content would else be another version, whose ARN nobody can tell before it is made.
    """
    for number, text in enumerate(function.layers):
        if text.startswith("arn:"):
            continue
        package = scope.facts.layers.get((text, function.runtime, function.platform), b"")
        digest = hashlib.sha256(package).hexdigest()[:8]
        layer = LambdaLayer(
            name=names.fit(f"{_layer_base(scope, function, text)}-{digest}", names.LAYER_LIMIT),
            code=code_digest(package),
            package=package,
            runtimes=(function.runtime,),
            platform=function.platform,
        )
        place = function.place_of(f"layers.{number}")
        wanted = scope.desire(_layer_address(scope, function, text), layer, function, places={"code": place})
        yield Desired(wanted.address, layer, wanted.origin, place, wanted.places)  # a version carries no tags


def _layer_arn(scope: Scope, function: Function, text: str) -> Any:
    return text if text.startswith("arn:") else Ref(_layer_address(scope, function, text), "arn")


def _layer_address(scope: Scope, function: Function, text: str) -> str:
    return f"lambda_layer.{_layer_base(scope, function, text)}"


def _layer_base(scope: Scope, function: Function, text: str) -> str:
    """Functions that name one folder share its layer, as far as it is for one runtime and platform."""
    word = re.sub(r"[^a-z0-9]+", "-", PurePosixPath(text).stem.lower()).strip("-") or "layer"
    fixed = json.dumps([str(PurePosixPath(text)), function.runtime, function.platform])
    return f"{scope.base(word)}-{hashlib.sha256(fixed.encode()).hexdigest()[: names.HASH_DIGITS]}"


def _event_source(scope: Scope, trigger: Trigger, event: MessageEvent) -> Desired:
    queue, function = event.queue, trigger.starts
    source = LambdaEventSource(
        function=scope.physical("functions", function),
        source=scope.arn("message_queues", queue),
        batch=event.batch,
        window_seconds=event.window,
    )
    ours = scope.spec.message_queues[queue].existing is None
    after = (scope.address("functions", function), *([scope.address("message_queues", queue)] if ours else []))
    return scope.desire(f"lambda_event_source.{scope.base(trigger.key)}", source, trigger, after=after)
