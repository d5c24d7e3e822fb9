"""A run that was asked for → begun, stayed with to its end when that was asked for, told, and an exit code."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scrapectl.cli.interrupts import sleep
from scrapectl.cli.options import Settings, command_line
from scrapectl.cli.reach import Reached
from scrapectl.errors import Interrupted
from scrapectl.operate.clock import Clock
from scrapectl.operate.follow import Follower
from scrapectl.operate.logs import Line
from scrapectl.operate.overrides import Overrides
from scrapectl.operate.run import Run
from scrapectl.operate.runnables import Runnables, find_runnables
from scrapectl.views.output import print_document, print_event, print_line, tell
from scrapectl.views.plain import looks_secret, mask
from scrapectl.views.runs import failed_lines, line_document, line_text, run_document, run_text


@dataclass(frozen=True)
class Stay:
    """How long `run` stays, and what it shows."""

    wait: bool = False
    follow: bool = False
    dry_run: bool = False


def launch(
    settings: Settings, reached: Reached, name: str, overrides: Overrides, stay: Stay, *, among: Runnables | None = None
) -> int:
    """Begin a run, and stay with it as wished; `among` is what can be run, when that is known already."""
    _warn_of_secrets(overrides)
    runnables = among or find_runnables(reached.aws, reached.owner)
    kind = runnables.of(name)
    request = kind.request(name, overrides)
    if stay.dry_run:
        print_document({"request": mask(_told(request))})
        return 0
    try:
        begun = kind.start(name, request, stay=stay.wait or stay.follow)
    except KeyboardInterrupt:
        raise Interrupted(f"{name} may go on: what was sent to AWS is not taken back.") from None
    if stay.wait or stay.follow:
        return _to_the_end(settings, reached, runnables, begun, follow=stay.follow)
    if settings.json:
        print_document(run_document(begun, None, time.time()))
    else:
        print_line(f"{name} {begun.id} {begun.state}")
        tell(f"Follow it: {command_line(settings, f'logs {begun.id} --follow{reached.words}')}")
    return 0


def _told(request: Mapping[str, Any]) -> dict[str, Any]:
    """A request whose documents can be read, and masked."""
    return {key: json.loads(value) if key in {"Payload", "input"} else value for key, value in request.items()}


def show_line(settings: Settings, *, several: bool) -> Callable[[Line], None]:
    """What prints a log line as it comes."""
    if settings.json:
        return lambda line: print_event(line_document(line))
    return lambda line: print_line(line_text(line, several=several or line.index is not None or bool(line.of)))


def _to_the_end(settings: Settings, reached: Reached, runnables: Runnables, begun: Run, *, follow: bool) -> int:
    """Stay with a run to its end; Ctrl-C leaves it going."""
    show = show_line(settings, several=False) if follow else None
    follower = Follower(runnables, show, clock=Clock(sleep=sleep))
    if not settings.json:
        follower.on_state = lambda run: None if run.ended else tell(run_text(run, None, time.time()))
    try:
        (ended,) = runnables.explain(follower.follow([begun]))
    except KeyboardInterrupt:
        raise Interrupted(
            f"{begun.name} {begun.id} goes on.",
            f"Follow it: {command_line(settings, f'logs {begun.id} --follow{reached.words}')}\n"
            f"End it:    {command_line(settings, f'stop {begun.id}{reached.words}')}",
        ) from None
    code = ended.code
    if settings.json:
        (print_event if follow else print_document)(run_document(ended, code, time.time()))
    else:
        tell(run_text(ended, code, time.time()))
        for line in failed_lines(ended):
            tell(line)
        if ended.answer not in {None, "null"}:
            tell(f"Answer: {ended.answer}")
        if ended.state == "FAILED" and not follow:
            tell(f"Its log: {command_line(settings, f'logs {ended.id}{reached.words}')}")
    return 0 if ended.state == "SUCCEEDED" else code or 1


def _warn_of_secrets(overrides: Overrides) -> None:
    names = [name for name in overrides.environment if looks_secret(name)]
    if names:
        look, it = ("looks like a secret", "it") if len(names) == 1 else ("look like secrets", "them")
        tell(
            f"Warning: {', '.join(names)} {look}. Whoever may describe the run can read {it} for a week. "
            f"Name {it} under secrets: in the spec instead."
        )
