"""The status of an instance → shown once, or again whenever it changes."""

from __future__ import annotations

import sys
import time
from typing import Any

import click

from scrapectl.cli.interrupts import sleep
from scrapectl.cli.options import Settings
from scrapectl.cli.reach import Reached, refuse_unknown
from scrapectl.operate.status import Standing, read_status
from scrapectl.views.output import print_document, print_event, print_line
from scrapectl.views.status import print_status, status_document

INTERVAL = 2.0
LOCAL_INTERVAL = 0.5


def show_status(settings: Settings, reached: Reached, name: str | None) -> None:
    """Show it once."""
    now = time.time()
    standing = read_status(reached.aws, reached.owner, name)
    if standing.empty and reached.spec is None:
        refuse_unknown(reached)
    if settings.json:
        print_document(status_document(standing, now))
    else:
        _print(settings, reached, standing, now)


def watch_status(settings: Settings, reached: Reached, name: str | None) -> None:
    """Show it whenever it has changed, until Ctrl-C; with JSON one line each time."""
    shown: dict[str, Any] = {}
    while True:
        now = time.time()
        standing = read_status(reached.aws, reached.owner, name)
        document = status_document(standing, now)
        if settings.json and _told(document) != _told(shown):
            print_event(document)
        elif not settings.json and (sys.stdout.isatty() or _told(document) != _told(shown)):
            click.clear()  # does nothing where there is no terminal
            _print(settings, reached, standing, now)
        shown = document
        sleep(LOCAL_INTERVAL if reached.aws.local else INTERVAL)


def _told(document: dict[str, Any]) -> Any:
    """What makes two documents differ: all but the seconds of what goes on."""
    runs = [{**run, "seconds": None} for run in document.get("runs", [])]
    return {**document, "runs": runs}


def _print(settings: Settings, reached: Reached, standing: Standing, now: float) -> None:
    if standing.empty:
        print_line(_nothing(reached))
    else:
        print_status(standing, now, no_color=settings.no_color)


def _nothing(reached: Reached) -> str:
    return f"Nothing of {reached.owner} stands in account {reached.aws.account}, region {reached.aws.region}."
