"""Stands before a function's own handler: reads its secrets once, and gives each call the environment that it names.

Two variables of the function tell it what to do: SCRAPECTL_HANDLER, the handler that it calls ("app.handler"), and
SCRAPECTL_SECRETS, JSON of the variables to fill: {"DB_PASSWORD": "arn:aws:secretsmanager:…:secret:db-x1y2z3:password"}.
An image has a runtime of its own and no handler: its program calls `environment` (containers/scraper does).
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_PARTS_OF_AN_ARN = 7
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# A caller gives values to a program; it does not choose what is loaded, nor who the function is.
_LAMBDAS_OWN = ("_", "AWS_", "LAMBDA_", "SCRAPECTL_", "LD_", "PYTHON")
_SYSTEMS_OWN = frozenset({"PATH", "HOME", "TMPDIR"})


class WrapperError(Exception):
    """What the function was given cannot be; the text never holds a value."""


def handler(event: Any, context: Any) -> Any:
    """Call the function's own handler with the event, under the environment that the event names."""
    with environment(event):
        return _target(event, context)


@contextlib.contextmanager
def environment(event: Any) -> Iterator[None]:
    """Set what the event names for as long as one call lasts; Lambda gives a process one call at a time.

    Raises:
        WrapperError: It names what no caller may set.
    """
    asked = _asked_for(event)
    before = {name: os.environ.get(name) for name in asked}
    os.environ.update(asked)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _asked_for(event: Any) -> Mapping[str, str]:
    """What the event's `environment` says; events of other makers have none, or one of another shape."""
    asked = event.get("environment") if isinstance(event, Mapping) else None
    if not isinstance(asked, Mapping) or not all(isinstance(value, str) for value in asked.values()):
        return {}
    for name in asked:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise WrapperError("the event's environment has a name that is none of a variable")
        if name.startswith(_LAMBDAS_OWN) or name in _SYSTEMS_OWN:
            raise WrapperError(f"the event's environment may not set {name}")
        if name in _secrets:
            raise WrapperError(f"{name} is a secret of the function, and cannot be overridden by an event")
    return asked


def _read_secrets(wanted: Mapping[str, str]) -> dict[str, str]:
    """Read each secret once, whatever number of variables it fills.

    Raises:
        WrapperError: A secret is no text, or lacks the key.
    """
    if not wanted:
        return {}
    import boto3  # noqa: PLC0415 - a function without secrets need not wait for it

    client = boto3.client("secretsmanager")
    texts: dict[str, str] = {}
    found = {}
    for variable, reference in wanted.items():
        arn, key = _split(reference)
        if arn not in texts:
            answer = client.get_secret_value(SecretId=arn)
            if "SecretString" not in answer:
                raise WrapperError(f"the secret for {variable} is no text")
            texts[arn] = answer["SecretString"]
        found[variable] = _value_of(texts[arn], key, variable)
    return found


def _split(reference: str) -> tuple[str, str]:
    """Part `arn:…:secret:name-x1y2z3:key` into the secret and its key; "" is the whole secret."""
    parts = reference.split(":")
    return ":".join(parts[:_PARTS_OF_AN_ARN]), ":".join(parts[_PARTS_OF_AN_ARN:])


def _value_of(text: str, key: str, variable: str) -> str:
    if not key:
        return text
    try:
        value = json.loads(text)[key]
    except (ValueError, KeyError, TypeError):
        raise WrapperError(f"the secret for {variable} is no JSON object with the key {key}") from None
    return value if isinstance(value, str) else json.dumps(value)


def _find(path: str) -> Callable[[Any, Any], Any]:
    """Find the function's own handler, as Lambda's runtime does."""
    module, _, name = path.rpartition(".")
    found: Callable[[Any, Any], Any] = getattr(importlib.import_module(module.replace("/", ".")), name)
    return found


_secrets = _read_secrets(json.loads(os.environ.get("SCRAPECTL_SECRETS") or "{}"))
os.environ.update(_secrets)
if "SCRAPECTL_HANDLER" in os.environ:
    _target = _find(os.environ["SCRAPECTL_HANDLER"])
