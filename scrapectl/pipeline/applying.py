"""A plan → outcomes, under the owner's lease: Ctrl-C, a world that moved, and the outputs in the end."""

from __future__ import annotations

import dataclasses
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from scrapectl.aws.retry import retry_after
from scrapectl.aws.session import Session
from scrapectl.engine.apply import Apply, Means
from scrapectl.engine.plan import Listener, Outcome, Plan
from scrapectl.engine.resource import Pace, Removal
from scrapectl.engine.values import Ref, resolve
from scrapectl.errors import PlanRefused
from scrapectl.kinds import KINDS
from scrapectl.pipeline.terms import Applied, Options, Planned


def apply_plan(
    planned: Planned,
    aws: Session,
    options: Options | None = None,
    listener: Listener = lambda _event: None,
    replanned: Callable[[Plan], None] = lambda _plan: None,
) -> Applied:
    """Carry a plan out under the owner's lease; an empty plan takes none.

    Args:
        planned: From `plan_spec` or `plan_destroy`.
        aws: The session that the plan was made with.
        options: As for the plan.
        listener: Hears each change begin, wait and end.
        replanned: Told when the world had moved and the plan was made again.

    Raises:
        PlanRefused: the plan holds refusals.
    """
    options = options or Options()
    _refuse(planned.plan)
    at_work = planned.anchored is not None and planned.anchored.holder is not None
    if planned.plan.empty and not (planned.destroys and at_work):
        if planned.destroys and planned.anchored:
            planned.anchor.remove()
        return Applied(planned.plan, (), _outputs(planned, ()))
    anchor = planned.anchor
    anchor.take(planned.anchored)
    changed = False
    try:
        if anchor.follows() != (planned.anchored.version if planned.anchored else 0):
            planned = dataclasses.replace(planned.again(), anchor=anchor)
            replanned(planned.plan)
            _refuse(planned.plan)
        changed = True
        with _ctrl_c() as stopped:
            outcomes = _carry_out(planned, aws, options, listener, lambda: anchor.holds() and not stopped.is_set())
        applied = Applied(planned.plan, outcomes, _outputs(planned, outcomes), stopped.is_set())
        if planned.destroys and not applied.failed and not planned.plan.notes:
            anchor.remove()
            return applied
    except KeyboardInterrupt:
        if not changed:  # else calls may be in flight: the lease ends by itself, and at once for this host
            anchor.release(changed=False)
        raise
    except BaseException:
        anchor.release(changed=changed, spec=_standing_spec(planned, whole=False) if changed else None)
        raise
    anchor.release(changed=True, spec=_standing_spec(planned, whole=not (applied.failed or options.only)))
    return applied


def _standing_spec(planned: Planned, *, whole: bool) -> str:
    """The fingerprint of what stands now; of what was applied in part alone it is not known, unless it stood before."""
    before = planned.anchored.spec if planned.anchored else ""
    return planned.spec if whole or before == planned.spec else ""


def _carry_out(
    planned: Planned, aws: Session, options: Options, listener: Listener, may_go_on: Callable[[], bool]
) -> tuple[Outcome, ...]:
    plan = planned.plan
    clock, workers = options.timing(options.parallel)
    means = Means(
        aws=aws,
        kinds=KINDS,
        owner=f"{plan.pipeline}.{plan.stage}" if plan.stage else plan.pipeline,
        clock=clock,
        workers=workers,
        retry_after=retry_after,
        removal=Removal(delete_data=options.delete_data, drains=not planned.destroys, kill=options.kill),
        pace=_quick if aws.local else lambda pace: pace,
        may_go_on=may_go_on,
        listener=listener,
    )
    try:
        return Apply(plan, means).run()
    finally:
        workers.close()


def _quick(pace: Pace) -> Pace:
    """The embedded cloud settles at once unless it is told otherwise, so that nobody waits for a second look."""
    return dataclasses.replace(pace, first=0.0, interval=min(pace.interval, 0.1))


@contextmanager
def _ctrl_c() -> Iterator[threading.Event]:
    """The first Ctrl-C lets calls in flight end and starts none; the second leaves at once."""
    stopped = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return

    def stop(_number: int, _frame: object) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt
        stopped.set()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)


def _refuse(plan: Plan) -> None:
    if plan.refusals:
        raise PlanRefused(str(plan.refusals[0]), "", plan.refusals)


def _outputs(planned: Planned, outcomes: Sequence[Outcome]) -> dict[str, str]:
    known = dict(planned.plan.outputs)
    for outcome in outcomes:
        if outcome.live is not None:
            known[outcome.change.address] = outcome.live.outputs

    def lookup(ref: Ref) -> str | None:
        return known.get(ref.address, {}).get(ref.output)

    return {name: str(resolve(value, lookup)) for name, value in planned.outputs.items()}
