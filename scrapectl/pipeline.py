"""The whole way, told once: spec → facts → desired → live → plan → outcomes; what the commands call."""

from __future__ import annotations

import dataclasses
import functools
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from scrapectl import blueprint
from scrapectl.aws.anchor import Anchor, State, describe_standing
from scrapectl.aws.facts import gather_facts
from scrapectl.aws.inventory import owned_keys, owners, standing_keys
from scrapectl.aws.once import ReadOnce
from scrapectl.aws.retry import retry_after
from scrapectl.aws.session import Session
from scrapectl.engine.aim import Aim
from scrapectl.engine.apply import Apply, Clock, Means, Workers
from scrapectl.engine.order import with_needs
from scrapectl.engine.plan import Action, Listener, Outcome, Plan
from scrapectl.engine.planner import make_destroy_plan, make_plan
from scrapectl.engine.refresh import refresh
from scrapectl.engine.resource import Aws, Desired, Pace, Removal
from scrapectl.engine.values import Ref, resolve
from scrapectl.engine.workers import MonotonicClock, Threads
from scrapectl.errors import PlanRefused, Problem, SpecError, UsageError
from scrapectl.facts import Facts
from scrapectl.kinds import KINDS
from scrapectl.operate.images import folder_hash, push_image
from scrapectl.spec.model import Spec

PARALLEL = 16


@dataclass(frozen=True)
class Options:
    """What apply and destroy may do; the words of the command line."""

    delete_data: bool = False
    keep_data: bool = False
    takeover: bool = False
    only: tuple[str, ...] = ()
    parallel: int = PARALLEL
    timing: Callable[[int], tuple[Clock, Workers]] = lambda parallel: (MonotonicClock(), Threads(parallel))
    build: bool = True
    kill: bool = False
    command: str = "apply"


@dataclass(frozen=True)
class Instance:
    """What to destroy: by name, and with its spec when there is one."""

    pipeline: str
    stage: str | None = None
    spec: Spec | None = None

    @property
    def owner(self) -> str:
        """`pipeline`, or `pipeline.stage`."""
        return f"{self.pipeline}.{self.stage}" if self.stage else self.pipeline


@dataclass(frozen=True)
class Planned:
    """A plan with what made it, so that it can be carried out, or made again."""

    plan: Plan
    again: Callable[[], Planned]
    anchor: Anchor
    anchored: State | None  # what the anchor said when the plan was made; None: no apply has been there
    outputs: Mapping[str, Any] = dataclasses.field(default_factory=dict)  # may hold references
    destroys: bool = False


@dataclass(frozen=True)
class Applied:
    """What came of a plan, and the spec's outputs as they are now."""

    plan: Plan
    outcomes: tuple[Outcome, ...]
    outputs: Mapping[str, str]
    interrupted: bool = False

    @property
    def failed(self) -> bool:
        """Whether anything was not done."""
        return any(outcome.result.value != "done" for outcome in self.outcomes)


def plan_spec(spec: Spec, aws: Session, options: Options | None = None, tell: Callable[[str], None] = print) -> Planned:
    """Gather facts, read what is live, and compare.

    Args:
        spec: What was written.
        aws: An open session.
        options: What may be done.
        tell: Takes a line for the user while another apply is waited for.

    Raises:
        SpecError: the spec names what is not there, or a secret has no value.
        EnvironmentProblem: the account lacks what the spec takes for granted.
    """
    options = options or Options()
    aws.image_pusher = push_image
    anchor = Anchor(aws, spec.owner, options.command, tell)
    reads = ReadOnce(aws)
    tasks: list[Callable[[], Any]] = [anchor.read, functools.partial(gather_facts, spec, reads, folder_hash)]
    state, facts = aws.gather(tasks)
    wanted = blueprint.blueprint(spec, facts)
    if options.only:
        wanted = _only(wanted, options.only)
    world = refresh(reads, KINDS, wanted, spec.owner, functools.partial(owned_keys, reads, KINDS, spec.owner))
    plan = make_plan(wanted, world, _aim(spec.pipeline, spec.stage, aws, options))
    _need_values(plan)
    if options.build is False:
        _need_images(plan)
    plan = _with_former_owner(plan, spec, aws)
    again = functools.partial(plan_spec, spec, aws, options, tell)
    outputs = blueprint.outputs(spec, facts)
    return Planned(plan, again, anchor, state, outputs)


def plan_destroy(
    instance: Instance, aws: Session, options: Options | None = None, tell: Callable[[str], None] = print
) -> Planned:
    """Plan the end of everything that an owner has, with or without its spec.

    With the spec, things that bear our names without being ours are told (and left).
    """
    options = options or Options(command="destroy")
    owner, spec = instance.owner, instance.spec
    anchor = Anchor(aws, owner, options.command, tell)
    reads = ReadOnce(aws)
    tasks: list[Callable[[], Any]] = [anchor.read, functools.partial(_wanted_names, spec, reads)]
    state, wanted = aws.gather(tasks)
    world = refresh(reads, KINDS, wanted, owner, functools.partial(standing_keys, reads, KINDS, owner), destroys=True)
    plan = make_destroy_plan(wanted, world, _aim(instance.pipeline, instance.stage, aws, options))
    again = functools.partial(plan_destroy, instance, aws, options, tell)
    return Planned(plan, again, anchor, state, destroys=True)


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
        anchor.release(changed=changed)
        raise
    anchor.release(changed=True)
    return applied


def list_pipelines(aws: Session) -> list[dict[str, Any]]:
    """Every owner that stands in this account and region, with its last apply."""
    found = owners(aws)
    names = sorted(found)
    states = aws.gather([Anchor(aws, name, "pipelines").read for name in names])
    return [
        {"pipeline": name.partition(".")[0], "stage": name.partition(".")[2] or None, "resources": found[name]}
        | describe_standing(state)
        for name, state in zip(names, states, strict=True)
    ]


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


def _aim(pipeline: str, stage: str | None, aws: Session, options: Options) -> Aim:
    return Aim(
        pipeline,
        stage,
        aws.account,
        aws.region,
        KINDS,
        delete_data=options.delete_data,
        keep_data=options.keep_data,
        takeover=options.takeover,
        deletes=not options.only,
    )


def _only(wanted: Sequence[Desired], names: Sequence[str]) -> list[Desired]:
    known = {desired.address for desired in wanted} | {desired.origin for desired in wanted}
    for name in names:
        if name not in known and not any(origin.startswith(f"{name}.") for origin in known):
            raise UsageError(f"--only {name}: nothing has this address or origin.", "plan shows both for each change.")
    return with_needs(wanted, names)


def _refuse(plan: Plan) -> None:
    if plan.refusals:
        raise PlanRefused(str(plan.refusals[0]), "", plan.refusals)


def _need_values(plan: Plan) -> None:
    """A secret that must be made needs a value now."""
    problems = []
    for change in plan.changes:
        resource = change.desired.resource if change.desired else None
        if change.kind != "secret" or change.action is not Action.CREATE or change.live is not None:
            continue
        if getattr(resource, "value", None) is None and getattr(resource, "generate", None) is None:
            hint = "Set its variable for this command, or write generate: 32."
            problems.append(Problem("the secret has no value and none stands.", change.where, change.origin, hint))
    if problems:
        raise SpecError.of(problems)


def _need_images(plan: Plan) -> None:
    missing = [c for c in plan.changes if c.kind == "ecr_image"]
    if missing:
        names = ", ".join(change.address for change in missing)
        raise PlanRefused(f"--no-build: {names} is not pushed yet.", "Run scrapectl images push first, or build.")


def _with_former_owner(plan: Plan, spec: Spec, aws: Session) -> Plan:
    """`formerly: old-name` refuses to build a twin while the old owner stands."""
    if not spec.formerly:
        return plan
    former = f"{spec.formerly}.{spec.stage}" if spec.stage else spec.formerly
    if not any(owned_keys(aws, KINDS, former).values()):
        return plan
    problem = Problem(
        f"{former}, the former name, still stands.",
        spec.place_of("formerly"),
        "formerly",
        f"Destroy it first (scrapectl destroy --pipeline {spec.formerly}), or take formerly: out to have both.",
    )
    return dataclasses.replace(plan, refusals=(*plan.refusals, problem))


def _wanted_names(spec: Spec | None, aws: Aws) -> list[Desired]:
    """The names that a spec gives, for destroy; a spec whose folders are gone gives none."""
    if spec is None:
        return []
    try:
        facts: Facts = gather_facts(spec, aws, folder_hash)
    except SpecError:
        return []
    return blueprint.blueprint(spec, facts)


def _outputs(planned: Planned, outcomes: Sequence[Outcome]) -> dict[str, str]:
    known = dict(planned.plan.outputs)
    for outcome in outcomes:
        if outcome.live is not None:
            known[outcome.change.address] = outcome.live.outputs

    def lookup(ref: Ref) -> str | None:
        return known.get(ref.address, {}).get(ref.output)

    return {name: str(resolve(value, lookup)) for name, value in planned.outputs.items()}
