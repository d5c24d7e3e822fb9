"""The questions of `init` → a template and answers; an empty line takes what stands in brackets."""

from __future__ import annotations

from scrapectl.cli.asking import ask
from scrapectl.cli.templates import NAMES, Answers
from scrapectl.errors import UsageError

_HINT = f"Give --template {' or '.join(NAMES)}, and nothing is asked."


def ask_all(suggested: Answers) -> tuple[str, Answers]:
    """Ask for template, name, site and region; each answer is checked when all are given."""
    template = _ask(f"Template ({', '.join(NAMES)})", NAMES[0])
    if template not in NAMES:
        raise UsageError(f'There is no template "{template}".', f"There are: {', '.join(NAMES)}.")
    return template, Answers(
        _ask("Name of the pipeline", suggested.pipeline),
        _ask("Site to read", suggested.site),
        _ask("AWS region", suggested.region),
    )


def _ask(question: str, default: str) -> str:
    return ask(f"{question} [{default}]:", _HINT) or default
