"""A question on standard error → a line of standard input: standard output stays the answer's."""

from __future__ import annotations

import sys

import click

from scrapectl.errors import UsageError
from scrapectl.views.plain import clean


def ask(question: str, hint: str) -> str:
    """Ask, and read one line.

    Raises:
        UsageError: There is nobody to ask; `hint` says what to give instead.
    """
    click.echo(f"{clean(question)} ", nl=False, err=True)
    line = sys.stdin.readline() if sys.stdin else ""  # a closed one is None
    if not line:
        click.echo(err=True)
        raise UsageError("There is nobody to ask.", hint)
    return line.strip()
