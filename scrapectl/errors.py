"""Every error scrapectl raises on purpose, each with the exit code that the command line promises."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Place:
    """Where something stands in a file: line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: what, where, and what to write instead."""

    message: str
    place: Place | None = None
    path: str = ""
    hint: str = ""

    def __str__(self) -> str:
        parts = [str(self.place) if self.place else "", self.path, self.message]
        text = ": ".join(part for part in parts if part)
        return f"{text} {self.hint}" if self.hint else text


@dataclass
class ScrapectlError(Exception):
    """The root: a message that stands alone, an optional hint, and problems with their places."""

    message: str
    hint: str = ""
    problems: tuple[Problem, ...] = field(default=())

    exit_code = 1

    def __str__(self) -> str:
        return self.message


class SpecError(ScrapectlError):
    """The spec is wrong; `problems` holds everything that is wrong with it at once."""

    exit_code = 4

    @classmethod
    def of(cls, problems: list[Problem] | tuple[Problem, ...]) -> SpecError:
        """Build the error from its problems, in the order of the file; the first one is the message."""
        ordered = tuple(sorted(problems, key=lambda p: (p.place is None, p.place or Place("", 0, 0))))
        return cls(str(ordered[0]), "", ordered)


class PlanRefused(ScrapectlError):
    """The plan may not be carried out: a foreign name, an impossible replacement, data that would be lost."""

    exit_code = 3


class UsageError(ScrapectlError):
    """Wrong usage: an unknown name or run, or options that exclude each other."""

    exit_code = 64


class EnvironmentProblem(ScrapectlError):
    """This machine or account is not ready: no credentials, no region, a wrong account, no network."""


@dataclass
class AwsError(ScrapectlError):
    """AWS answered with an error, or did not answer.

    `lost`: the call may have been carried out all the same (no answer, or a server's error): look before a repeat.
    """

    service: str = ""
    operation: str = ""
    code: str = ""
    request_id: str = ""
    address: str = ""
    lost: bool = False


@dataclass
class AccessDenied(AwsError):
    """AWS refused a call for want of a permission; `action` is the IAM action that is missing."""

    action: str = ""
    resource: str = ""


class ApplyFailed(ScrapectlError):
    """Some changes failed; what was done, failed and skipped stands in the outcomes that were shown."""


class Interrupted(ScrapectlError):
    """Stopped by Ctrl-C: what had begun was finished and is told."""

    exit_code = 130
