"""Turns each AWS call into a line on standard error, for --debug."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from scrapectl.views.output import tell
from scrapectl.views.plain import clean_line

_LONGEST = 80


class Call(Protocol):
    """A request that was answered: what `scrapectl.aws.session.Call` says."""

    @property
    def service(self) -> str: ...  # noqa: D102
    @property
    def operation(self) -> str: ...  # noqa: D102
    @property
    def params(self) -> Mapping[str, Any]: ...  # noqa: D102
    @property
    def seconds(self) -> float: ...  # noqa: D102
    @property
    def error(self) -> str: ...  # noqa: D102


def print_call(call: Call) -> None:
    """Print service, operation, what it was about, the time it took and AWS's error code.

    Of the parameters only names and ids are shown: values may be secrets.
    """
    about = [
        f"{name}={clean_line(value)[:_LONGEST]}"
        for name, value in call.params.items()
        if isinstance(value, str) and name.lower().endswith(("name", "arn", "id", "bucket", "queue", "jobdefinition"))
    ]
    end = f" {call.error}" if call.error else ""
    tell(f"aws {call.service} {call.operation} {' '.join(about)} {call.seconds:.3f}s{end}")
