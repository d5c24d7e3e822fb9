"""What a kind may ask of AWS, and how: the one way out of the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Aws(Protocol):
    """What a kind may ask of AWS; `scrapectl.aws.session.Session` is the real one."""

    account: str
    region: str
    partition: str

    @property
    def local(self) -> bool:
        """Whether the endpoint is the embedded cloud."""

    def call(
        self, service: str, operation: str, /, *, absent: Sequence[str] = (), blind_retry: bool = True, **params: Any
    ) -> Any:
        """Send one request and return its answer, ResponseMetadata taken out.

        Args:
            service: boto3's client name ("batch").
            operation: boto3's method name ("create_job_queue").
            absent: error codes that mean "not there": the answer is then None. "Code:text" wants both
                the code and the text in the message.
            blind_retry: False where a repeat of a lost call would make a second thing (AWS-FACTS §20).
            params: the request's members.
        """

    def pages(self, service: str, operation: str, items: str, /, *, absent: Sequence[str] = (), **params: Any) -> Any:
        """All entries of `items` over every page of a listing, as a list; None when absent."""

    def gather(self, tasks: Iterable[Callable[[], T]]) -> list[T]:
        """Run independent reads side by side; their results in order."""

    def tag(self, arn: str, put: Mapping[str, str], drop: Sequence[str]) -> None:
        """Set and remove tags of a thing by its ARN, through the call of the service that owns it."""
