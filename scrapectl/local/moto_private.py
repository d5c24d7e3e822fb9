"""Every moto symbol the embedded cloud stands on, in one place, since none is moto's public interface.

moto is pinned exactly; `tests/unit/local/test_moto_private.py` names each symbol: an upgrade that moves one fails it.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable
from typing import Any

# Read by moto when its modules load: the full image catalogue costs a second and 100 MB, and no pipeline asks for it.
os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")

import botocore.session
from botocore.loaders import create_loader
from moto.backends import get_backend
from moto.core import responses as _responses
from moto.core.base_backend import BackendDict
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.resource_tagging import iter_taggable_backends, make_tag_matcher, match_resource_type
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from moto.kms import models as _keys
from moto.kms.utils import generate_private_key as _make_pair
from moto.s3 import notifications as _notifications
from moto.sqs import models as _queues
from werkzeug.exceptions import HTTPException, NotFound

import scrapectl.local.moto_answers  # noqa: F401 - from now on moto's answers are written by it

__all__ = [
    "PROTOCOL_PARSERS",
    "BackendDict",
    "HTTPException",
    "NotFound",
    "Request",
    "determine_request_protocol",
    "get_backend",
    "get_serializer_class",
    "get_service_model",
    "get_service_router",
    "give_queues_back",
    "hear_objects",
    "iter_taggable_backends",
    "make_tag_matcher",
    "match_resource_type",
    "run_queues_by",
]


# Each of moto's tables of regions is made by a session of its own, which reads EC2's description anew, in a quarter of
# a second: all sessions of this process share one reader (not moto's parsers: clients write S3's paths otherwise).
botocore.session.create_loader = functools.cache(create_loader)  # type: ignore[attr-defined]

# moto looks through a service's whole class at each request, which takes longer than many an answer.
_responses.method_names_from_class = functools.cache(_responses.method_names_from_class)  # type: ignore[attr-defined]


# moto makes a pair for each symmetric key, too, AWS's own among them: longer than ten calls take, and used by none.
_one_pair = functools.cache(_make_pair)


def _pair(spec: str) -> Any:
    return (_one_pair if spec == "SYMMETRIC_DEFAULT" else _make_pair)(spec)


vars(_keys).update(generate_private_key=_pair)


# moto's queues call the functions that are mapped to them inside SendMessage; ours come for the messages themselves.
def _none_mapped(_queue: object) -> dict[str, object]:
    return {}


def _map_none(_queue: object, _mappings: object) -> None:
    return


_queues.Queue.lambda_event_source_mappings = property(_none_mapped, _map_none)  # type: ignore[assignment]


def run_queues_by(now: Callable[[], float]) -> None:
    """Have delays, visibility and age of messages go by a clock: seconds since 1970."""
    vars(_queues).update(unix_time=now, unix_time_millis=lambda: now() * 1000)


def give_queues_back(now: Callable[[], float]) -> None:
    """Have them go by the machine's clock again, unless another cloud's clock has come meanwhile.

    On a clock that stands still a receiver would wait for ever.
    """
    if vars(_queues)["unix_time"] == now:
        run_queues_by(time.time)


Heard = Callable[[str, Any, Any], None]
_heard: list[Heard] = []


# moto calls functions and sends to queues inside the request that writes an object; ours are told, and do it later.
def _tell(_account: str, event: Any, bucket: Any, key: Any) -> None:
    for hear in _heard:
        hear(str(event.value), bucket, key)


_notifications.send_event = _tell  # type: ignore[assignment]


def hear_objects(hear: Heard) -> None:
    """Have each change of an object told: the event (`s3:ObjectCreated:Put`), moto's bucket, moto's key."""
    _heard[:] = [hear]
