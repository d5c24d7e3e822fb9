"""A run that was asked for → submitted, stayed with to its end when that was asked for, told, and an exit code."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from scrapectl.cli.interrupts import sleep
from scrapectl.cli.options import Settings, command_line
from scrapectl.cli.reach import Reached
from scrapectl.errors import Interrupted
from scrapectl.operate.clock import Clock
from scrapectl.operate.follow import Follower
from scrapectl.operate.jobs import StandingJob, find_jobs, pick_job
from scrapectl.operate.logs import Line
from scrapectl.operate.overrides import Overrides
from scrapectl.operate.runs import Run, with_failed
from scrapectl.operate.submit import submission, submit
from scrapectl.views.output import print_document, print_event, print_line, tell
from scrapectl.views.plain import looks_secret, mask
from scrapectl.views.runs import failed_lines, line_document, line_text, run_document, run_text


@dataclass(frozen=True)
class Stay:
    """How long `run` stays, and what it shows."""

    wait: bool = False
    follow: bool = False
    dry_run: bool = False


def launch(settings: Settings, reached: Reached, name: str, overrides: Overrides, stay: Stay) -> int:
    """Submit a run, and stay with it as wished."""
    _warn_of_secrets(overrides)
    jobs = find_jobs(reached.aws, reached.owner)
    request = submission(pick_job(jobs, name, reached.owner), overrides)
    if stay.dry_run:
        print_document({"request": mask(request)})
        return 0
    submitted = Run(submit(reached.aws, request), name, "SUBMITTED", time.time())
    if stay.wait or stay.follow:
        return _to_the_end(settings, reached, jobs, submitted, follow=stay.follow)
    if settings.json:
        print_document(run_document(submitted, None, time.time()))
    else:
        print_line(f"{name} {submitted.id} SUBMITTED")
        tell(f"Follow it: {command_line(settings, f'logs {submitted.id} --follow{reached.words}')}")
    return 0


def show_line(settings: Settings, *, several: bool) -> Callable[[Line], None]:
    """What prints a log line as it comes."""
    if settings.json:
        return lambda line: print_event(line_document(line))
    return lambda line: print_line(line_text(line, several=several or line.index is not None))


def _to_the_end(
    settings: Settings, reached: Reached, jobs: dict[str, StandingJob], submitted: Run, *, follow: bool
) -> int:
    """Stay with a run to its end; Ctrl-C leaves it going."""
    show = show_line(settings, several=False) if follow else None
    follower = Follower(reached.aws, reached.owner, jobs, show, clock=Clock(sleep=sleep))
    if not settings.json:
        follower.on_state = lambda run: None if run.ended else tell(run_text(run, None, time.time()))
    try:
        (ended,) = with_failed(reached.aws, follower.follow([submitted.id]))
    except KeyboardInterrupt:
        raise Interrupted(
            f"{submitted.name} {submitted.id} goes on.",
            f"Follow it: {command_line(settings, f'logs {submitted.id} --follow{reached.words}')}\n"
            f"End it:    {command_line(settings, f'stop {submitted.id}{reached.words}')}",
        ) from None
    code = ended.code
    if settings.json:
        (print_event if follow else print_document)(run_document(ended, code, time.time()))
    else:
        tell(run_text(ended, code, time.time()))
        for line in failed_lines(ended):
            tell(line)
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
