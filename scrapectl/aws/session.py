"""Turns (profile, region, endpoint) into calls: lazy clients, bounded reads side by side, errors in our own words."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from scrapectl.aws import errors, tags
from scrapectl.aws.retry import healing
from scrapectl.engine.workers import Threads
from scrapectl.errors import AwsError, EnvironmentProblem

T = TypeVar("T")

READS_AT_ONCE = 32
CALLS_AT_ONCE_PER_SERVICE = {"s3": 24, "iam": 12, "scheduler": 32}
CALLS_AT_ONCE = 16

# Standard mode: the adaptive one lets a single throttled answer slow a shared client to one call in two seconds
# for every thread (botocore.retries.adaptive), which costs more than the repeats that it saves.
_RETRIES = {"mode": "standard", "total_max_attempts": 8}
_NO_RETRIES = {"mode": "standard", "total_max_attempts": 1}
_FIRST_CALL = {"mode": "standard", "total_max_attempts": 1}
_FIRST_CALL_SECONDS = 4
_ANSWER_SECONDS = 60
_INVOKE = ("lambda", "invoke")
_INVOKE_SECONDS = 960  # a function may take 15 minutes

_Tokens = tuple[list[str], list[str]]
_PAGE_TOKENS: dict[tuple[str, str], _Tokens] = {}


@dataclass(frozen=True)
class Call:
    """One request that was answered: for the debug log and for counting."""

    service: str
    operation: str
    params: Mapping[str, Any]
    seconds: float
    error: str = ""


@dataclass
class Where:
    """Which AWS to speak to. `keys` are access key id and secret key, for the embedded cloud."""

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    keys: tuple[str, str] | None = None
    local: bool = False
    expected_account: str | None = None


@dataclass
class Session:
    """Implements `scrapectl.engine.resource.Aws` over boto3."""

    boto: Any
    where: Where
    account: str
    region: str
    partition: str
    listeners: list[Callable[[Call], None]] = field(default_factory=list)
    image_pusher: Callable[..., str] | None = None
    reads_at_once: int = READS_AT_ONCE

    def __post_init__(self) -> None:
        self._clients: dict[tuple[str, bool, int], Any] = {}
        self._lock = threading.Lock()
        self._bounds: dict[str, threading.Semaphore] = {}
        self._clock_offset: float | None = None  # AWS's time less this machine's monotonic clock, in seconds

    @property
    def local(self) -> bool:
        """Whether the endpoint is the embedded cloud."""
        return self.where.local

    def client(self, service: str, *, blind_retry: bool = True, seconds: int = _ANSWER_SECONDS) -> Any:
        """The boto3 client of a service, made when first needed, that waits so long for an answer."""
        with self._lock:
            key = (service, blind_retry, seconds)
            if key not in self._clients:
                retries = _RETRIES if blind_retry else _NO_RETRIES
                self._clients[key] = make_client(self.boto, self.where, service, retries, seconds)
            return self._clients[key]

    def call(
        self, service: str, operation: str, /, *, absent: Sequence[str] = (), blind_retry: bool = True, **params: Any
    ) -> Any:
        """Send one request; see `scrapectl.engine.resource.Aws.call`.

        Raises:
            AwsError: AWS refused it, or gave no answer; AccessDenied when a permission is missing.
        """
        invokes = (service, operation) == _INVOKE
        client = self.client(service, blind_retry=blind_retry, seconds=_INVOKE_SECONDS if invokes else _ANSWER_SECONDS)
        send = getattr(client, operation)
        started = time.monotonic()
        problem = ""
        with self._bound(service):
            try:
                answer = send(**params)
                self._note_date(answer)
            except Exception as error:
                self._note_date(getattr(error, "response", None) or {})
                problem = errors.code_of(error)
                if errors.is_absent(error, absent):
                    return None
                raise errors.translate(error, service, operation) from error
            finally:
                self._tell(Call(service, operation, params, time.monotonic() - started, problem))
        metadata = answer.pop("ResponseMetadata", {})
        # Nothing else tells which call of the function it was: its log names this very id.
        return {**answer, "RequestId": metadata.get("RequestId", "")} if invokes else answer

    def pages(self, service: str, operation: str, items: str, /, *, absent: Sequence[str] = (), **params: Any) -> Any:
        """All entries of `items` over every page; None when absent."""
        found: list[Any] = []
        token_in, token_out = self._page_tokens(service, operation)
        while True:
            answer = self.call(service, operation, absent=absent, **params)
            if answer is None:
                return None
            found.extend(answer.get(items) or [])
            tokens = {i: answer[o] for i, o in zip(token_in, token_out, strict=True) if answer.get(o)}
            if not tokens or answer.get("IsTruncated") is False:
                return found
            params = {**params, **tokens}

    def gather(self, tasks: Iterable[Callable[[], T]]) -> list[T]:
        """Run independent reads side by side; results in order, the first error raised."""
        todo = list(tasks)
        at_once = min(self.reads_at_once, len(todo))
        if at_once <= 1:
            return [task() for task in todo]
        threads = Threads(at_once)
        try:
            for place, task in enumerate(todo):
                threads.submit(place, task)
            ended = sorted(filter(None, (threads.next(None) for _ in todo)), key=lambda result: result[0])
        finally:
            threads.close()
        for _, _, error in ended:
            if error is not None:
                raise error
        return [found for _, found, _ in ended]

    def tag(self, arn: str, put: Mapping[str, str], drop: Sequence[str]) -> None:
        """Set and remove tags of a thing by its ARN."""
        tags.apply(self, arn, put, drop)

    def push_image(self, repository_uri: str, folder: str, tag: str, platform: str) -> str:
        """Build and push a folder's image; returns its digest."""
        if self.image_pusher is None:
            raise AwsError("this session cannot push images")
        return self.image_pusher(self, repository_uri, folder, tag, platform)

    def now(self) -> dt.datetime:
        """AWS's time, from the Date of its last answer; this machine's clock is never trusted with a lease."""
        if self._clock_offset is None:
            return dt.datetime.now(dt.UTC)
        return dt.datetime.fromtimestamp(self._clock_offset + time.monotonic(), dt.UTC)

    def _page_tokens(self, service: str, operation: str) -> _Tokens:
        """What continues a listing; asked of botocore once, which makes a class for each answer."""
        if (service, operation) not in _PAGE_TOKENS:
            _PAGE_TOKENS[service, operation] = _page_tokens(self.client(service), operation)
        return _PAGE_TOKENS[service, operation]

    def _bound(self, service: str) -> threading.Semaphore:
        with self._lock:
            limit = CALLS_AT_ONCE_PER_SERVICE.get(service, CALLS_AT_ONCE)
            return self._bounds.setdefault(service, threading.Semaphore(limit))

    def _tell(self, call: Call) -> None:
        for listener in self.listeners:
            listener(call)

    def _note_date(self, answer: Mapping[str, Any]) -> None:
        date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
        if date:
            self._clock_offset = parsedate_to_datetime(date).timestamp() - time.monotonic()


def open_session(where: Where, listeners: Iterable[Callable[[Call], None]] = ()) -> Session:
    """Open a session and ask AWS who we are.

    Raises:
        EnvironmentProblem: no credentials, no region, an expired token, the wrong account, no network.
    """
    import boto3.session  # noqa: PLC0415 - 0.2 s that no command pays before it needs AWS

    keys = where.keys or (None, None)
    with errors.environment_problems(where.profile):
        boto = boto3.session.Session(
            profile_name=where.profile,
            region_name=where.region,
            aws_access_key_id=keys[0],
            aws_secret_access_key=keys[1],
        )
        if not boto.region_name:
            raise EnvironmentProblem("No region is set.", "Write region: in the spec, or give --region or AWS_REGION.")
        who = _who_we_are(make_client(boto, where, "sts", _FIRST_CALL))
    account, partition = who["Account"], who["Arn"].split(":")[1]
    if where.expected_account and account != where.expected_account:
        raise EnvironmentProblem(
            f"The credentials are of account {account}, the spec's is {where.expected_account}.",
            "Use other credentials (--profile), or change account: in the spec.",
        )
    return Session(boto, where, account, boto.region_name, partition, list(listeners))


def _who_we_are(sts: Any) -> Any:
    """Ask AWS, and again while it is busy: the client itself repeats nothing, so that a dead network is told soon."""
    for pause in (0.5, 1.0):
        try:
            return sts.get_caller_identity()
        except Exception as error:
            answered = getattr(error, "response", None)  # a network that is silent has had its time
            if not (answered and healing(errors.translate(error, "sts", "get_caller_identity"))):
                raise
        time.sleep(pause)
    return sts.get_caller_identity()


def make_client(
    boto: Any, where: Where, service: str, retries: Mapping[str, Any], seconds: int = _ANSWER_SECONDS
) -> Any:
    """Make one boto3 client, with time limits that let a dead network be told within 5 s, a silent one in `seconds`."""
    from botocore.config import Config  # noqa: PLC0415 - see open_session

    config = Config(
        retries=dict(retries),
        connect_timeout=_FIRST_CALL_SECONDS if retries is _FIRST_CALL else 5,
        read_timeout=_FIRST_CALL_SECONDS if retries is _FIRST_CALL else seconds,
        tcp_keepalive=seconds > _ANSWER_SECONDS,  # routers on the way forget a silent connection after minutes
        max_pool_connections=READS_AT_ONCE,
        user_agent_extra="scrapectl",
        proxies={} if where.local else None,  # what is on this machine is never reached through HTTP_PROXY
        s3={"addressing_style": "path"} if where.endpoint_url else None,
    )
    return boto.client(service, endpoint_url=where.endpoint_url, config=config)


def _page_tokens(client: Any, operation: str) -> _Tokens:
    """The names of a listing's continuation token, in request and answer, from botocore's paginator models."""
    if not client.can_paginate(operation):
        return [], []
    paginator = client.get_paginator(operation)
    config = paginator._pagination_cfg  # noqa: SLF001 - the model's own words; botocore offers no other way
    names_in, names_out = config["input_token"], config["output_token"]
    return (
        [names_in] if isinstance(names_in, str) else list(names_in),
        [names_out] if isinstance(names_out, str) else list(names_out),
    )
