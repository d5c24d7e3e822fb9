"""Turns an error into lines for people (standard error) or into the JSON error document (standard output)."""

from __future__ import annotations

from typing import Any

from scrapectl.errors import Problem, ScrapectlError
from scrapectl.views.output import print_event, tell
from scrapectl.views.plain import clean


def print_error(error: ScrapectlError, *, as_json: bool) -> None:
    """Tell an error: the JSON document on standard output (on one line, as events are), or text on standard error."""
    if as_json:
        print_event(error_document(error))
    else:
        tell(error_text(error))


def error_document(error: ScrapectlError) -> dict[str, Any]:
    """The JSON form of an error, `validate`'s too."""
    problems = [_problem(problem) for problem in error.problems]
    message = f"{error.message} {error.hint}".rstrip()
    return {"error": {"code": error.exit_code, "message": clean(message), "problems": problems}}


def error_text(error: ScrapectlError) -> str:
    """What, where, what to do: the first line stands alone, then one line for each further problem."""
    lines = [str(problem) for problem in error.problems]
    if error.message not in lines[:1]:
        lines.insert(0, error.message)
    if error.hint:
        lines.append(error.hint)
    return "\n".join(clean(line) for line in lines)


def _problem(problem: Problem) -> dict[str, Any]:
    place = problem.place
    return {
        "file": clean(place.file) if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "path": clean(problem.path),
        "message": clean(problem.message),
        "hint": clean(problem.hint),
    }
