"""Decodes every AWS request into a call, has it checked, and gives it to our operation or to moto."""

from __future__ import annotations

import contextlib
import re
import traceback
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from wsgiref.handlers import format_date_time

from botocore.exceptions import UnknownServiceError

from scrapectl.aws.request_check import check_request
from scrapectl.local import moto_private as moto
from scrapectl.local import wire
from scrapectl.local.registry import CHECKS, OPERATIONS, PATIENCE, UNLOCKED, Call, LostAnswer, Operation, Refusal
from scrapectl.local.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapectl.local.cloud import Cloud

_POLL = 0.1  # seconds between two looks for what a client waits for
_REQUEST_ID = "x-scrapectl-request-id"  # from what carries a call out to the headers that AWS has; never sent

# Their bodies are documents and files; what AWS checks in them is checked by the service's own operations.
_UNCHECKED = {("s3", "PutObject"), ("s3", "UploadPart"), ("ecr", "UploadLayerPart")}


class FrontDoor:
    """The one way into a cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._requests = 0

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Carry out one request; every error becomes an answer in the service's protocol.

        Raises:
            LostAnswer: A hook wants the connection to end without an answer.
        """
        scope = wire.scope_of(request)
        try:
            with contextlib.suppress(UnknownServiceError):  # which decode refuses
                request = wire.addressed(request, scope.service, scope.region, self.cloud.account)
            operation, params = wire.decode(request, scope.service)
            call = Call(self.cloud, scope.service, operation, params, scope.region, request)
            self.cloud.admit(call)
            response = self._answer(call)
            if call.lose_answer:
                raise LostAnswer
        except Refusal as refusal:
            response = self._refused(scope.service, refusal, request)
        if request.method == "HEAD":  # moto writes errors into the bodies of answers that have none
            response = HttpResponse(response.status, response.headers, b"")
        return self._with_standard_headers(response)

    def call(self, service: str, operation: str, params: dict[str, Any], region: str) -> dict[str, Any]:
        """Carry out a call of the cloud's own, without a request, and return the result.

        Raises:
            Refusal: The service refuses it.
        """
        call = Call(self.cloud, service, operation, params, region)
        with self.cloud.lock:
            self._check(call)
            ours = OPERATIONS.get((service, operation))
            if ours is None:
                result: dict[str, Any] = self.moto_result(call)
                return result
            if (service, operation) not in UNLOCKED:
                return ours(call)
        return ours(call)

    def content(self, bucket: str, key: str, region: str) -> bytes:
        """Read what is in an object, whatever bytes it is: `call` gives text alone.

        Raises:
            Refusal: There is no such object.
        """
        call = Call(self.cloud, "s3", "GetObject", {"Bucket": bucket, "Key": key}, region)
        with self.cloud.lock:
            response = self._moto_response(call)
        if response.status != HTTPStatus.OK:
            wire.parse_result("s3", "GetObject", response)
        return response.body

    def _answer(self, call: Call) -> HttpResponse:
        with self.cloud.lock:
            self._check(call)
            ours = OPERATIONS.get((call.service, call.operation))
            if ours is None:
                return self._moto_response(call)
            unlocked = (call.service, call.operation) in UNLOCKED
            result = {} if unlocked else self._carry_out(ours, call)
            waits = PATIENCE.get((call.service, call.operation))
            give_up = self.cloud.clock.now() + (waits(call) if waits else 0.0)
        if unlocked:
            result = self._carry_out(ours, call)
        while not result and self.cloud.clock.now() < give_up:
            self.cloud.clock.sleep(_POLL)
            with self.cloud.lock:
                result = self._carry_out(ours, call)
        content_type = call.request.header("Content-Type") if call.request else ""
        response = wire.serialize_result(call.service, call.operation, result, content_type)
        if "request_id" in call.notes:  # a call of a function: its log names the request
            response.headers[_REQUEST_ID] = call.notes["request_id"]
        return response

    def _carry_out(self, ours: Operation, call: Call) -> dict[str, Any]:
        try:
            return ours(call)
        except Refusal:
            raise
        except Exception as error:
            traceback.print_exc()
            raise Refusal("InternalFailure", f"{call.operation}: {type(error).__name__}: {error}", 500) from error

    def _check(self, call: Call) -> None:
        self.cloud.used.add((call.service, call.region))
        if self.cloud.strict and (call.service, call.operation) not in _UNCHECKED:
            problems = check_request(call.service, call.operation, call.params)
            if problems:
                raise Refusal(_validation_code(call.service), "; ".join(problems), 400)
        for checked in CHECKS.get((call.service, call.operation), []):
            checked(call)

    def moto_result(self, call: Call, params: dict[str, Any] | None = None, operation: str | None = None) -> Any:
        """Pass a call on to moto; see `Call.moto`."""
        name = operation or call.operation
        request = call.request if params is None and operation is None else None
        request = request or self._written(call, name, call.params if params is None else params)
        response = self._to_moto(call.service, request)
        return wire.parse_result(call.service, name, response)

    def _moto_response(self, call: Call) -> HttpResponse:
        return self._to_moto(call.service, call.request or self._written(call, call.operation, call.params))

    def _written(self, call: Call, operation: str, params: dict[str, Any]) -> HttpRequest:
        request = wire.encode(call.service, operation, params, call.region)
        return wire.addressed(request, call.service, call.region, call.account)

    def _to_moto(self, service: str, request: HttpRequest) -> HttpResponse:
        incoming, parts = request.for_moto, urlsplit(request.url)
        path_url = f"{parts.scheme}://{parts.netloc}{parts.path or '/'}"
        for pattern, handler in _handlers(service):
            if pattern.match(path_url):
                return _run_handler(handler, incoming)
        raise Refusal("UnknownOperationException", f"{service} does not know {request.method} {parts.path}", 404)

    def _refused(self, service: str, refusal: Refusal, request: HttpRequest) -> HttpResponse:
        try:
            return wire.serialize_refusal(service, refusal, head=request.method == "HEAD")
        except Exception:  # noqa: BLE001 - a service botocore does not know has no protocol either
            return HttpResponse(refusal.status or 404, {"Content-Type": "text/plain"}, str(refusal).encode())

    def _with_standard_headers(self, response: HttpResponse) -> HttpResponse:
        self._requests += 1
        ours = {"date", "x-amzn-requestid", "x-amz-request-id", "status", _REQUEST_ID}
        headers = {k: v for k, v in response.headers.items() if k.lower() not in ours}
        request_id = response.headers.get(_REQUEST_ID) or f"{self.cloud.instance}-{self._requests:08d}"
        headers |= {"Date": format_date_time(self.cloud.clock.now()), "x-amzn-RequestId": request_id}
        return HttpResponse(response.status, headers | {"x-amz-request-id": request_id}, response.body)


def _run_handler(handler: Callable[..., Any], incoming: Any) -> HttpResponse:
    try:
        status, headers, body = handler(incoming, incoming.raw_url, incoming.headers)
    except moto.HTTPException as error:
        headers = dict(error.get_headers())
        return HttpResponse(int(error.code or 500), wire.header_texts(headers), wire.body_bytes(error.get_body()))
    except NotImplementedError as error:
        raise Refusal("NotImplemented", f"the embedded cloud does not have this: {error}", 501) from error
    except Refusal:
        raise
    except Exception as error:
        traceback.print_exc()
        raise Refusal("InternalFailure", f"{type(error).__name__}: {error}", 500) from error
    return HttpResponse(int(status), wire.header_texts(headers), wire.body_bytes(body))


@cache
def _handlers(service: str) -> list[tuple[re.Pattern[str], Callable[..., Any]]]:
    backends: Any = moto.get_backend(service)  # type: ignore[call-overload]
    regions = backends["123456789012"]
    backend = regions["us-east-1"] if "us-east-1" in regions else regions["aws"]
    return [(re.compile(pattern), handler) for pattern, handler in backend.urls.items()]


def _validation_code(service: str) -> str:
    """The code under which a service reports a parameter that breaks its model."""
    codes = {
        "batch": "ClientException",
        "ecr": "InvalidParameterException",
        "iam": "ValidationError",
        "logs": "InvalidParameterException",
        "s3": "InvalidRequest",
        "sqs": "InvalidParameterValue",
        "ec2": "InvalidParameterValue",
        "secretsmanager": "InvalidParameterException",
        "rds": "InvalidParameterValue",
        "sns": "InvalidParameter",
        "lambda": "InvalidParameterValueException",
        "cloudwatch": "ValidationError",
        "resourcegroupstaggingapi": "InvalidParameterException",
    }
    return codes.get(service, "ValidationException")
