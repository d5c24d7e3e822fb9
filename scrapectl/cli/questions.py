"""The questions of `init` → a template and answers; an empty line takes what stands in brackets."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace

from scrapectl.cli.asking import ask
from scrapectl.cli.templates import NAMES, Answers
from scrapectl.errors import UsageError
from scrapectl.views.output import tell

_HINT = f"Give --template {' or '.join(NAMES)}, and nothing is asked."
_QUESTIONS = {"pipeline": "Name of the pipeline", "site": "Site to read", "region": "AWS region"}


def ask_all(suggested: Answers) -> tuple[str, Answers]:
    """Ask for template, name, site and region; each is asked again until its answer will do."""
    template = _ask(f"Template ({', '.join(NAMES)})", NAMES[0], _check_template)
    answers = suggested
    for field, question in _QUESTIONS.items():
        answer = _ask(question, getattr(suggested, field), functools.partial(_check, field))
        answers = replace(answers, **{field: answer})
    return template, answers


def _ask(question: str, default: str, check: Callable[[str], None]) -> str:
    while True:
        answer = ask(f"{question} [{default}]:", _HINT) or default
        try:
            check(answer)
        except UsageError as error:
            tell(f"{error.message} {error.hint}")
        else:
            return answer


def _check_template(name: str) -> None:
    if name not in NAMES:
        raise UsageError(f'There is no template "{name}".', f"There are: {', '.join(NAMES)}.")


def _check(field: str, answer: str) -> None:
    replace(Answers(pipeline="one"), **{field: answer}).check()
