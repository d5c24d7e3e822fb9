"""An AWS that only writes down what would be changed in it: reads are real, writes get answers that are made up."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from scrapectl.aws import tags
from scrapectl.aws.once import ReadOnce
from scrapectl.aws.request_shown import shown
from scrapectl.aws.session import Session
from scrapectl.engine.values import leaves, transform
from scrapectl.errors import AwsError

T = TypeVar("T")

UNKNOWN = "(known after apply)"
PUSH = "push image"
"""The operation that stands for a container engine's many calls."""
_READS = ("get_", "list_", "describe_", "head_", "batch_get_", "batch_check_", "simulate_")
_PREFIXES = {"GroupId": "sg-", "LaunchTemplateId": "lt-"}
_HINT = re.compile(r"\bv1:(?:[0-9a-f]{4}|-{4})+")
_DEPTH = 5  # of made-up answers, whose shapes may hold themselves


class Unknown(str):
    """A text that AWS will choose: it looks like every other such text, and is equal to none."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other


@dataclass(frozen=True)
class Request:
    """A request that would be sent. `params` is what AWS would get; `shown` the same without secrets, and no bytes."""

    service: str
    operation: str
    shown: Mapping[str, Any]
    params: Mapping[str, Any] = field(repr=False, compare=False)


class RehearsalAws:
    """Implements `scrapectl.engine.resource.Aws`; `requests` are the changing ones, in order.

    Args:
        session: Answers the reads, each once.
        hidden: Values that are never shown, wherever they stand.
        versions: How often the owner's anchor was written so far.
    """

    def __init__(self, session: Session, hidden: Sequence[str], versions: int = 0) -> None:
        self._session = session
        self._reads = ReadOnce(session)
        self._hidden = hidden
        self._versions = versions
        self.account, self.region, self.partition = session.account, session.region, session.partition
        self.requests: list[Request] = []

    @property
    def local(self) -> bool:
        """Whether the endpoint is the embedded cloud."""
        return self._session.local

    def call(
        self, service: str, operation: str, /, *, absent: Sequence[str] = (), blind_retry: bool = True, **params: Any
    ) -> Any:
        """Read, or write down and make an answer up; one that cannot be read yet is made up, too."""
        if operation.startswith(_READS):
            try:
                found = self._reads.call(service, operation, absent=absent, blind_retry=blind_retry, **params)
            except AwsError:  # it asks for what would have been made a moment ago
                return self._answer(service, operation, params)
            return self._answer(service, operation, params) if found is None and self._made(service, params) else found
        model = self._model(service, operation)
        self.requests.append(Request(service, model.name, shown(model.input_shape, params, self._hidden), params))
        return self._answer(service, operation, params)

    def pages(self, service: str, operation: str, items: str, /, *, absent: Sequence[str] = (), **params: Any) -> Any:
        """Read a listing; what would have been made a moment ago holds nothing."""
        try:
            return self._reads.pages(service, operation, items, absent=absent, **params)
        except AwsError:
            return []

    def gather(self, tasks: Iterable[Callable[[], T]]) -> list[T]:
        """Do them in order, so that what they write stands in order."""
        return [task() for task in tasks]

    def tag(self, arn: str, put: Mapping[str, str], drop: Sequence[str]) -> None:
        """Write down the calls of the service that owns it."""
        tags.apply(self, arn, put, drop)

    def push_image(self, repository_uri: str, folder: str, tag: str, platform: str) -> str:
        """Write down that an image would be built and pushed."""
        params = {"repository": repository_uri, "folder": folder, "tag": tag, "platform": platform}
        self.requests.append(Request("ecr", PUSH, params, params))
        return f"sha256:{UNKNOWN}"

    def now(self) -> dt.datetime:
        """AWS's time."""
        return self._session.now()

    def _made(self, service: str, named: Mapping[str, Any]) -> bool:
        """Whether a thing of this name would have been made by now."""
        created = [one.params for one in self.requests if one.service == service and one.operation.startswith("Create")]
        return any(params.get(name) == value for params in created for name, value in named.items())

    def _model(self, service: str, operation: str) -> Any:
        client = self._session.client(service)
        return client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation])

    def _answer(self, service: str, operation: str, params: Mapping[str, Any]) -> Any:
        """Make up an answer of the operation's shape; what was sent under the same name comes back."""
        if (service, operation) == ("ssm", "put_parameter"):  # the anchor counts them
            self._versions += 1
            return {"Version": self._versions}
        if (service, operation) == ("s3", "get_bucket_notification_configuration"):  # of a new bucket nothing is told
            return {}
        shape = self._model(service, operation).output_shape
        return {} if shape is None else _made_up(shape, params, _DEPTH)


def with_open_hint(request: Request) -> Request:
    """The request with an unknown drift hint: it is made of every value, also of those not known yet."""

    def opened(item: Any) -> Any:
        return _HINT.sub(f"v1:{UNKNOWN}", item) if isinstance(item, str) else item

    shown, params = transform((request.shown, request.params), opened)
    return Request(request.service, request.operation, shown, params)


def is_unknown(value: Any) -> bool:
    """Whether some part of a value was made up."""
    return any(isinstance(leaf, str) and UNKNOWN in leaf for leaf in leaves(value))


def _made_up(shape: Any, params: Mapping[str, Any], depth: int) -> Any:
    """A value of a botocore shape: texts are unknown, lists empty."""
    if shape.type_name == "structure":
        members = shape.members.items() if depth else ()
        return {name: _member(name, member, params, depth - 1) for name, member in members}
    plain: dict[str, Any] = {"list": [], "map": {}, "blob": b"", "boolean": False, "string": UNKNOWN, "timestamp": None}
    return plain.get(shape.type_name, 1)


def _member(name: str, shape: Any, params: Mapping[str, Any], depth: int) -> Any:
    sent = params.get(name)
    if shape.type_name == "string" and isinstance(sent, str):
        return sent
    made = _made_up(shape, params, depth)
    return _PREFIXES.get(name, "") + made if made == UNKNOWN else made
