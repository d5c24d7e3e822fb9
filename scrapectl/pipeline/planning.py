"""(spec or name, AWS) → a plan: facts, blueprint, refresh, comparison, and what is refused before it is shown."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

from scrapectl import blueprint
from scrapectl.aws.anchor import Anchor
from scrapectl.aws.facts import gather_facts
from scrapectl.aws.inventory import owned_keys, standing_keys
from scrapectl.aws.once import ReadOnce
from scrapectl.aws.session import Session
from scrapectl.engine.aim import Aim
from scrapectl.engine.order import with_needs
from scrapectl.engine.ownership import fingerprint
from scrapectl.engine.plan import Action, Plan
from scrapectl.engine.planner import make_destroy_plan, make_plan
from scrapectl.engine.refresh import refresh
from scrapectl.engine.resource import Aws, Desired
from scrapectl.errors import PlanRefused, Problem, SpecError, UsageError
from scrapectl.facts import Facts
from scrapectl.kinds import KINDS
from scrapectl.operate.images import folder_hash, push_image
from scrapectl.packages.build import Packages
from scrapectl.pipeline.terms import Instance, Options, Planned
from scrapectl.spec.model import Spec


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
    whole = fingerprint(wanted)
    if options.only:
        wanted = _only(wanted, options.only)
    world = refresh(reads, KINDS, wanted, spec.owner, functools.partial(owned_keys, reads, KINDS, spec.owner))
    plan = make_plan(wanted, world, _aim(spec.pipeline, spec.stage, aws, options))
    if not options.only_compares:
        _need_values(plan)
    if options.build is False:
        _need_images(plan)
    plan = _with_former_owner(plan, spec, aws)
    again = functools.partial(plan_spec, spec, aws, options, tell)
    outputs = blueprint.outputs(spec, facts)
    return Planned(plan, again, anchor, state, outputs, spec=whole)


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
    owned = owned_keys(aws, KINDS, former)  # some lists still name what is gone
    if not any(KINDS[kind].read_many(aws, keys) for kind, keys in owned.items()):
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
        facts: Facts = gather_facts(spec, aws, folder_hash, build=lambda _spec: Packages())
    except SpecError:
        return []
    return blueprint.blueprint(spec, facts)
