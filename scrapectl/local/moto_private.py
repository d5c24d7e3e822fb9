"""Every moto symbol the embedded cloud stands on, in one place, since none is moto's public interface.

moto is pinned exactly; `tests/unit/local/test_moto_private.py` names each symbol: an upgrade that moves one fails it.
"""

from __future__ import annotations

import os
from collections.abc import Callable

# Read by moto when its modules load: the full image catalogue costs a second and 100 MB, and no pipeline asks for it.
os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")

from moto.backends import get_backend
from moto.core.base_backend import BackendDict
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.resource_tagging import iter_taggable_backends, make_tag_matcher, match_resource_type
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from moto.sqs import models as _queues
from werkzeug.exceptions import HTTPException, NotFound

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
    "iter_taggable_backends",
    "make_tag_matcher",
    "match_resource_type",
    "run_queues_by",
]


def run_queues_by(now: Callable[[], float]) -> None:
    """Have delays, visibility and age of messages go by a clock: seconds since 1970."""
    _queues.unix_time = now  # type: ignore[assignment]
    _queues.unix_time_millis = lambda: now() * 1000  # type: ignore[assignment]
