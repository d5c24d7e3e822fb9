"""What an operation of ours is: a function from a decoded call to its result, registered by service and name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud
    from scrapectl.local.wire import HttpRequest

Params = dict[str, Any]
Operation = Callable[["Call"], Params]
Check = Callable[["Call"], None]

OPERATIONS: dict[tuple[str, str], Operation] = {}
PATIENCE: dict[tuple[str, str], Callable[[Call], float]] = {}
CHECKS: dict[tuple[str, str], list[Check]] = {}
UNLOCKED: set[tuple[str, str]] = set()


class Refusal(Exception):
    """AWS's answer when it does not do what was asked.

    Args:
        code: The error code a client sees, such as `ClientException`.
        message: The text a client sees.
        status: The HTTP status; by default what the service's model says for the code, else 400.
    """

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class LostAnswer(Exception):
    """The connection ends without an answer; raised by a hook, the request was never carried out."""


@dataclass
class Call:
    """One request to AWS, decoded.

    Attributes:
        cloud: The cloud it was sent to.
        service: botocore's name of the service, such as `batch`.
        operation: The operation in AWS's spelling, such as `SubmitJob`.
        params: The parameters as boto3 takes them. A blob is bytes, a timestamp a naive datetime in UTC.
        region: The region it was signed for.
        request: The HTTP request it came in; None for a call the cloud makes itself.
        lose_answer: Set by a hook: carry the call out, then end the connection without an answer.
    """

    cloud: Cloud
    service: str
    operation: str
    params: Params
    region: str
    request: HttpRequest | None = None
    lose_answer: bool = False
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def account(self) -> str:
        """The account the cloud plays."""
        return self.cloud.account

    def moto(self, params: Params | None = None, operation: str | None = None) -> Params:
        """Pass the call on to moto and return its result as boto3 would.

        Args:
            params: Other parameters than those that came in.
            operation: Another operation of the same service, with `params`.

        Raises:
            Refusal: moto answered with an error.
        """
        result: Params = self.cloud.front_door.moto_result(self, params, operation)
        return result

    def arn(self, resource: str, service: str | None = None) -> str:
        """The ARN of `resource` in this call's account and region."""
        return f"arn:aws:{service or self.service}:{self.region}:{self.account}:{resource}"


def operation(service: str, name: str, *, locked: bool = True) -> Callable[[Operation], Operation]:
    """Register a function as the cloud's answer to one operation, in place of moto's.

    Without `locked` it is called without the cloud's lock: it waits for what itself calls the cloud.
    """

    def register(function: Operation) -> Operation:
        OPERATIONS[service, name] = function
        if not locked:
            UNLOCKED.add((service, name))
        return function

    return register


def check(service: str, name: str) -> Callable[[Check], Check]:
    """Register a function that may refuse an operation before it runs, whoever carries it out."""

    def register(function: Check) -> Check:
        CHECKS.setdefault((service, name), []).append(function)
        return function

    return register


def patience(service: str, name: str) -> Callable[[Callable[[Call], float]], Callable[[Call], float]]:
    """Register for how many seconds an operation of ours is repeated while its result is empty."""

    def register(function: Callable[[Call], float]) -> Callable[[Call], float]:
        PATIENCE[service, name] = function
        return function

    return register
