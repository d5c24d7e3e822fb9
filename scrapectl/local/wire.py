"""AWS's wire protocols: requests into calls, results and refusals into responses, and the same backwards for moto."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit
from xml.sax.saxutils import escape

from botocore import awsrequest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from scrapectl.local import moto_private as moto
from scrapectl.local.registry import Refusal

DEFAULT_REGION = "us-east-1"

# Where a service's signing name differs from botocore's name for it.
SERVICES_BY_SIGNING_NAME = {
    "tagging": "resourcegroupstaggingapi",
    "states": "stepfunctions",
    "monitoring": "cloudwatch",
    "elasticfilesystem": "efs",
    "email": "ses",
}
_ACCOUNT = "x-moto-account-id"
_ADDRESS = {"host", _ACCOUNT}
_NOTHING = SimpleNamespace(members={})
_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")


@dataclass(frozen=True)
class HttpRequest:
    """A request as it came over the wire; header names in any case."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes

    def header(self, name: str) -> str:
        """The header's value, or an empty text."""
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), "")

    @cached_property
    def for_moto(self) -> moto.Request:
        """The form that moto's router, parsers and backends take; read once, however many of them look at it."""
        return moto.Request.from_primitives(self.method, self.url, self.headers, self.body)


@dataclass(frozen=True)
class HttpResponse:
    """An answer: status, headers and body."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Scope:
    """Who signed a request, and for what."""

    access_key: str
    region: str
    service: str


def scope_of(request: HttpRequest) -> Scope:
    """Read the credential scope from the signature, in the header or in a presigned link.

    A request without any is taken as one for S3 in the default region, as AWS does for public objects.
    """
    text = request.header("Authorization")
    if not text:
        query = parse_qs(urlsplit(request.url).query)
        if "AWSAccessKeyId" in query:  # how boto3 signs links of S3 when it is not told otherwise
            return Scope(query["AWSAccessKeyId"][0], DEFAULT_REGION, "s3")
        text = "Credential=" + query.get("X-Amz-Credential", [""])[0]
    found = _CREDENTIAL.search(text)
    if found is None:
        return Scope("", DEFAULT_REGION, "s3")
    key, region, signing_name = found.groups()
    return Scope(key, region, _service_name(signing_name, urlsplit(request.url).path))


def _service_name(signing_name: str, path: str) -> str:
    if signing_name == "ses" and path.startswith("/v2/"):
        return "sesv2"
    return SERVICES_BY_SIGNING_NAME.get(signing_name, signing_name)


def decode(request: HttpRequest, service: str) -> tuple[str, dict[str, Any]]:
    """Return the operation's name and its parameters.

    Raises:
        Refusal: No operation of the service matches, or the body cannot be read.
    """
    try:
        model = moto.get_service_model(service)
        incoming = request.for_moto
        operation, labels = moto.get_service_router(service).match(incoming)
    except Exception as error:
        raise Refusal("UnknownOperationException", f"unknown operation of {service}", 404) from error
    parser_class = moto.PROTOCOL_PARSERS[moto.determine_request_protocol(model, incoming.content_type)]
    fields: Any = {
        "method": incoming.method,
        "values": incoming.values,
        "headers": incoming.headers,
        "body": incoming.data,
        "url_path": incoming.path,
        "url_params": labels,
    }
    try:
        return operation.name, parser_class(operation, map_type=dict).parse(fields)
    except Exception as error:
        raise Refusal("SerializationException", f"the request cannot be read: {error}", 400) from error


def addressed(request: HttpRequest, service: str, region: str, account: str) -> HttpRequest:
    """The same request, to the service's own host name and for an account, as moto is asked."""
    parts = urlsplit(request.url)
    if not parts.netloc.endswith(".amazonaws.com"):
        parts = parts._replace(scheme="https", netloc=host_of(service, region))
    headers = {name: value for name, value in request.headers.items() if name.lower() not in _ADDRESS}
    return HttpRequest(request.method, urlunsplit(parts), headers | {_ACCOUNT: account}, request.body)


def encode(service: str, operation: str, params: dict[str, Any], region: str) -> HttpRequest:
    """Write a call as the request a client would send, to the service's own host name; the signature is empty.

    It is there for the region, which moto takes from nothing else for some services (SQS).
    """
    model = moto.get_service_model(service)
    serializer = create_serializer(model.resolved_protocol, include_validation=False)
    fields = serializer.serialize_to_request(params, model.operation_model(operation))
    fields.setdefault("context", {})
    awsrequest.prepare_request_dict(fields, f"https://{host_of(service, region)}")
    prepared = awsrequest.create_request_object(fields).prepare()
    scope = f"{region}/{model.signing_name}/aws4_request"
    signature = f"AWS4-HMAC-SHA256 Credential=local/20000101/{scope}, SignedHeaders=host, Signature=0"
    headers = header_texts(prepared.headers) | {"Authorization": signature}
    return HttpRequest(prepared.method, prepared.url, headers, body_bytes(prepared.body))


def host_of(service: str, region: str) -> str:
    """The host name AWS serves a service under."""
    prefix = moto.get_service_model(service).endpoint_prefix
    return f"{prefix}.{region}.amazonaws.com"


def header_texts(headers: Any) -> dict[str, str]:
    """Return headers as text, whatever mapping botocore keeps them in."""
    return {str(key): value.decode() if isinstance(value, bytes) else str(value) for key, value in headers.items()}


def body_bytes(body: Any) -> bytes:
    """Return a request body as bytes, reading it when it is a stream."""
    if hasattr(body, "read"):
        body = body.read()
    if isinstance(body, str):
        return body.encode()
    return bytes(body or b"")


def parse_result(service: str, operation: str, response: HttpResponse) -> dict[str, Any]:
    """Read a response into the result boto3 would return, without its metadata.

    Raises:
        Refusal: The response is an error.
    """
    model = moto.get_service_model(service)
    answer = {
        "status_code": response.status,
        "headers": awsrequest.HeadersDict(response.headers),
        "body": response.body,
    }
    result: dict[str, Any] = create_parser(model.resolved_protocol).parse(
        answer, model.operation_model(operation).output_shape
    )
    result.pop("ResponseMetadata", None)
    error = result.get("Error")
    if response.status >= 300 and error is not None:  # noqa: PLR2004 - HTTP
        raise Refusal(error.get("Code", "InternalFailure"), error.get("Message", ""), response.status)
    return result


def serialize_result(service: str, operation: str, result: dict[str, Any], content_type: str = "") -> HttpResponse:
    """Write a result in the service's protocol."""
    model = moto.get_service_model(service)
    protocol = moto.determine_request_protocol(model, content_type)
    serializer = moto.get_serializer_class(service, protocol)(model.operation_model(operation))
    answer = serializer.serialize(without_none(result))
    status = answer["status_code"]
    for name, shape in (model.operation_model(operation).output_shape or _NOTHING).members.items():
        if shape.serialization.get("location") == "statusCode":  # moto's serializers leave it out
            status = result.get(name, status)
    return HttpResponse(status, header_texts(answer["headers"]), body_bytes(answer["body"]))


def without_none(value: Any) -> Any:
    """Drop the members of a result that are None, at any depth."""
    if isinstance(value, dict):
        return {key: without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_none(item) for item in value]
    return value


def serialize_refusal(service: str, refusal: Refusal, *, head: bool = False) -> HttpResponse:
    """Write a refusal in the service's protocol, with the status its model gives for the code."""
    model = moto.get_service_model(service)
    status = refusal.status or _modelled_status(model, refusal.code)
    if model.resolved_protocol in {"json", "rest-json"}:
        body = json.dumps({"__type": refusal.code, "message": refusal.message, "Message": refusal.message})
        headers = {"Content-Type": "application/x-amz-json-1.0", "x-amzn-ErrorType": _shape_name(model, refusal.code)}
        if "awsQueryCompatible" in model.metadata:
            headers["x-amzn-query-error"] = f"{refusal.code};Sender"
        return HttpResponse(status, headers, body.encode())
    error = f"<Code>{escape(refusal.code)}</Code><Message>{escape(refusal.message)}</Message>"
    if model.resolved_protocol == "ec2":
        error = f"<Response><Errors><Error>{error}</Error></Errors><RequestID>0</RequestID></Response>"
    elif model.resolved_protocol == "query":
        error = f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error><RequestId>0</RequestId></ErrorResponse>"
    else:
        error = f"<Error>{error}<RequestId>0</RequestId></Error>"
    text = '<?xml version="1.0" encoding="UTF-8"?>' + error
    return HttpResponse(status, {"Content-Type": "text/xml"}, b"" if head else text.encode())


def _modelled_status(model: Any, code: str) -> int:
    for shape in model.error_shapes:
        if code in {shape.name, shape.error_code}:
            return int(shape.metadata.get("error", {}).get("httpStatusCode", 400))
    return 400


def _shape_name(model: Any, code: str) -> str:
    return next((str(s.name) for s in model.error_shapes if s.error_code == code), code)
