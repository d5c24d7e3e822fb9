"""Connects boto3 to a cloud in the same process, records what it sends, and makes calls fail on purpose."""

from __future__ import annotations

import io
import threading
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from boto3.session import Session
from botocore.auth import AUTH_TYPE_MAPS, SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError
from botocore.loaders import Loader, create_loader
from botocore.session import get_session

from scrapectl.local import wire
from scrapectl.local.registry import Call, LostAnswer, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapectl.local.cloud import Cloud


@dataclass(frozen=True)
class Sent:
    """One request that reached the cloud."""

    service: str
    operation: str
    params: dict[str, Any]
    region: str


@dataclass
class Fault:
    """A call that goes wrong.

    Attributes:
        applies: Which calls.
        times: How often still; None for always.
        error: What AWS answers; None to lose the answer instead.
        after: With no error: True carries the call out before the answer is lost.
    """

    applies: Callable[[Call], bool]
    times: int | None
    error: Refusal | None = None
    after: bool = True


@dataclass
class Recorder:
    """A hook of a cloud: records every call and makes the chosen ones fail.

    Attributes:
        calls: Every request in the order it came in, also those that were made to fail.
    """

    calls: list[Sent] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __call__(self, call: Call) -> None:
        """Record a call, and fail it when a fault applies."""
        with self._lock:
            self.calls.append(Sent(call.service, call.operation, call.params, call.region))
            for fault in self.faults:
                if fault.times != 0 and fault.applies(call):
                    fault.times = None if fault.times is None else fault.times - 1
                    _fail(call, fault)
                    return

    def count(self) -> Counter[tuple[str, str]]:
        """Count the calls by service and operation."""
        return Counter((sent.service, sent.operation) for sent in self.calls)

    def of(self, operation: str) -> list[dict[str, Any]]:
        """Return the parameters of every call of one operation, in order."""
        return [sent.params for sent in self.calls if sent.operation == operation]

    def throttle(self, operation: str, times: int = 1) -> None:
        """Answer the next calls of an operation with a throttling error."""
        self.refuse(operation, Refusal("ThrottlingException", "Rate exceeded", 400), times)

    def refuse(self, operation: str, error: Refusal, times: int | None = 1) -> None:
        """Answer the next calls of an operation with an error; `times` None for ever."""
        self.faults.append(Fault(lambda call: call.operation == operation, times, error))

    def deny(self, operation: str) -> None:
        """Answer every call of an operation with an access denial."""
        self.faults.append(Fault(lambda call: call.operation == operation, None, _denied(operation)))

    def lose_answer(self, operation: str, *, after: bool = True, times: int = 1) -> None:
        """End the connection of the next calls without an answer: after the call was carried out, or before."""
        self.faults.append(Fault(lambda call: call.operation == operation, times, None, after))


def _denied(operation: str) -> Refusal:
    text = f"User: arn:aws:iam::123456789012:user/local is not authorized to perform: {operation}"
    return Refusal("AccessDeniedException", text, 403)


def _fail(call: Call, fault: Fault) -> None:
    if fault.error is not None:
        raise Refusal(fault.error.code, fault.error.message, fault.error.status)
    if not fault.after:
        raise LostAnswer
    call.lose_answer = True


def record(cloud: Cloud) -> Recorder:
    """Put a recorder into a cloud and return it."""
    recorder = Recorder()
    cloud.hooks.append(recorder)
    return recorder


def connect(cloud: Cloud, region: str = "us-east-1") -> Session:
    """Return a boto3 session whose clients talk to `cloud` without HTTP.

    A lost answer reaches the client as `ConnectionClosedError`, as over a socket. Signatures are empty but for links
    and S3, whose bodies are written after their signature.
    """
    core = get_session()
    core.register_component("data_loader", _service_models())
    core.set_default_client_config(Config(user_agent="in-process"))  # put together anew for each request otherwise
    session = Session(
        botocore_session=core,
        aws_access_key_id=cloud.access_key,
        aws_secret_access_key=cloud.secret_key,
        region_name=region,
    )

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        headers = wire.header_texts(request.headers)
        try:
            status, sent, body = cloud.handle(request.method, request.url, headers, wire.body_bytes(request.body))
        except LostAnswer as error:
            raise ConnectionClosedError(endpoint_url=request.url) from error
        return AWSResponse(request.url, status, sent, _Raw(body))

    session.events.register("before-send", answer)
    session.events.register("choose-signer", _signer)
    return session


class _Unsigned(SigV4Auth):
    """Names key, region and service as a signature does, and computes none: nobody checks it."""

    def add_auth(self, request: Any) -> None:
        """Write the headers."""
        scope = f"{self.credentials.access_key}/20000101/{self._region_name}/{self._service_name}/aws4_request"
        signature = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
        for name, value in (("Authorization", signature), ("X-Amz-Security-Token", self.credentials.token)):
            del request.headers[name]  # a second one would be added: requests are signed again when they are repeated
            if value:
                request.headers[name] = value


AUTH_TYPE_MAPS["in-process"] = _Unsigned


def _signer(signing_name: str, signature_version: str, context: dict[str, Any], **_: Any) -> str | None:
    signs = signature_version == "v4" and signing_name != "s3" and not context.get("is_presign_request")
    return "in-process" if signs else None


@cache
def _service_models() -> Loader:
    """One reader of botocore's models for all sessions: reading EC2's takes longer than most tests."""
    loader: Loader = create_loader()
    return loader


class _Raw(io.BytesIO):
    """A body as urllib3 gives it."""

    def stream(self, **_: Any) -> Any:
        """Yield what is left, once."""
        while chunk := self.read():
            yield chunk
