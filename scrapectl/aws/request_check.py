"""One outgoing request → everything AWS would refuse in it, read from botocore's own models before anything is sent.

botocore knows each field's pattern, choices, lengths and bounds, and checks none of them (only types, and minima).
What its models lack stands in `request_limits` and `request_rules`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Protocol

from botocore.loaders import Loader
from botocore.model import ServiceModel

from scrapectl.aws.request_limits import limit_problems
from scrapectl.aws.request_patterns import compiled
from scrapectl.aws.request_rules import rule_problems
from scrapectl.errors import AwsError

Found = Iterator[tuple[str, str]]

#: Choices in the models that are open or behind AWS, by shape: values outside them are let through.
OPEN_CHOICES: Mapping[tuple[str, str], str] = {
    ("s3", "BucketLocationConstraint"): "regions open more often than this SDK is updated",
    ("ec2", "InstanceType"): "instance types appear every week",
    ("lambda", "Runtime"): "runtimes appear between releases of this SDK",
    ("datasync", "EfsInTransitEncryption"): "older models lack TLS1_2",
    ("ec2", "ResourceType"): "types of things that can be tagged are added often",
}
_TEXT_SHOWN = 80


class RequestRefused(AwsError):
    """AWS would refuse this request; nothing was sent. A mistake of this program, not of its user."""


def check_request(service: str, operation: str, params: Mapping[str, Any]) -> list[str]:
    """Return what AWS would refuse in a request, a line for each value: `path: what is wrong`.

    Args:
        service: The name of the boto3 client, such as `batch`.
        operation: The name of the API, such as `CreateJobQueue`.
        params: What the client's method was called with.
    """
    shape = _model(service).operation_model(operation).input_shape
    found = list(_shape_problems(service, shape, params, "", hidden=False)) if shape else []
    if not any(said == "is required" or said.startswith("must be") for _, said in found):
        # These read fields by name and would stumble over values of a wrong type.
        found += [*limit_problems(service, operation, params), *rule_problems(service, operation, params)]
    return [f"{path}: {said}" if path else said for path, said in dict.fromkeys(found)]


def install(session_or_client: Any) -> None:
    """Check every request of a boto3 session's later clients, or of one client, before it is sent.

    A request that AWS would refuse raises `RequestRefused`.
    """
    events = getattr(session_or_client, "events", None) or session_or_client.meta.events
    events.register("before-parameter-build.*.*", _refuse, unique_id="scrapectl-request-check")


def _refuse(params: Mapping[str, Any], model: Any, **_: Any) -> None:
    service, operation = model.service_model.service_name, model.name
    problems = check_request(service, operation, params)
    if problems:
        message = f"{service}:{operation} would be refused by AWS: " + "; ".join(problems)
        raise RequestRefused(message, service=service, operation=operation, code="RequestRefused")


@lru_cache(maxsize=64)
def _model(service: str) -> ServiceModel:
    return ServiceModel(_loader().load_service_model(service, "service-2"), service_name=service)


@lru_cache(maxsize=1)
def _loader() -> Loader:
    return Loader(include_default_search_paths=True)


def _shape_problems(service: str, shape: Any, value: Any, path: str, *, hidden: bool) -> Found:
    """Yield what is wrong with a value and everything inside it; the text of hidden ones is never shown."""
    problems = _BY_TYPE.get(shape.type_name)
    if problems:
        yield from problems(service, shape, value, path, hidden=hidden or bool(shape.metadata.get("sensitive")))


def _list_problems(service: str, shape: Any, value: Any, path: str, *, hidden: bool) -> Found:
    if not isinstance(value, list | tuple):
        yield path, "must be a list"
        return
    yield from _length_problem(shape, value, path, "entries")
    for number, one in enumerate(value):
        yield from _shape_problems(service, shape.member, one, f"{path}[{number}]", hidden=hidden)


def _map_problems(service: str, shape: Any, value: Any, path: str, *, hidden: bool) -> Found:
    if not isinstance(value, dict):
        yield path, "must be a map"
        return
    yield from _length_problem(shape, value, path, "entries")
    for key, one in value.items():
        yield from _shape_problems(service, shape.key, key, f"{path}.{key} (key)", hidden=hidden)
        yield from _shape_problems(service, shape.value, one, f"{path}.{key}", hidden=hidden)


def _blob_problems(_service: str, shape: Any, value: Any, path: str, *, hidden: bool) -> Found:
    del hidden  # bytes are never shown
    if isinstance(value, bytes | bytearray | str):
        yield from _length_problem(shape, value, path, "bytes")


def _structure_problems(service: str, shape: Any, value: Any, path: str, *, hidden: bool) -> Found:
    if not isinstance(value, Mapping):
        yield path, "must be a structure"
        return
    before = f"{path}." if path else ""
    members = shape.members
    for name in shape.required_members:
        if value.get(name) is None and not members[name].metadata.get("idempotencyToken"):
            yield before + name, "is required"
    given = [name for name in value if name in members]
    for name in value:
        if name not in members:
            yield before + str(name), "is not known to this API"
    if getattr(shape, "is_tagged_union", False) and len(given) != 1:
        yield path, f"must be exactly one of {', '.join(members)}"
    for name in given:
        if value[name] is not None:
            yield from _shape_problems(service, members[name], value[name], before + name, hidden=hidden)


def _string_problems(service: str, shape: Any, value: Any, path: str, *, hidden: bool) -> Found:
    if not isinstance(value, str):
        # Dates and policy documents may be given as objects, which botocore writes as text.
        return
    metadata = shape.metadata
    too_long = list(_length_problem(shape, value, path, "characters"))
    yield from too_long
    choices = metadata.get("enum")
    shown = "(hidden)" if hidden else f'"{value[:_TEXT_SHOWN]}"'
    if choices and value not in choices and (service, shape.name) not in OPEN_CHOICES:
        yield path, f"{shown} is none of {', '.join(choices)}"
    pattern = metadata.get("pattern")
    if pattern and not too_long:
        rule = compiled(pattern)
        if rule and not rule.fullmatch(value):
            yield path, f"{shown} does not match {pattern}"


def _number_problems(_service: str, shape: Any, value: Any, path: str, *, hidden: bool) -> Found:
    del hidden  # a number is no secret
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield path, "must be a number"
        return
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and value < low:
        yield path, f"{value} is less than {low}"
    if high is not None and value > high:
        yield path, f"{value} is more than {high}"


def _length_problem(shape: Any, value: Any, path: str, of: str) -> Found:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and len(value) < low:
        yield path, f"has {len(value)} {of}; at least {low} are needed"
    if high is not None and len(value) > high:
        yield path, f"has {len(value)} {of}; at most {high} are allowed"


class _Problems(Protocol):
    def __call__(self, service: str, shape: Any, value: Any, path: str, /, *, hidden: bool) -> Found: ...


_BY_TYPE: Mapping[str, _Problems] = {
    "structure": _structure_problems,
    "list": _list_problems,
    "map": _map_problems,
    "string": _string_problems,
    "blob": _blob_problems,
    **dict.fromkeys(("integer", "long", "float", "double"), _number_problems),
}
