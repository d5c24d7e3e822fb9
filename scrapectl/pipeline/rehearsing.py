"""A plan → the requests that an apply of it would send, in order, without sending them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from scrapectl.aws.anchor import Anchor
from scrapectl.aws.rehearsal import UNKNOWN, RehearsalAws, Request, is_unknown, with_open_hint
from scrapectl.aws.session import Session
from scrapectl.engine.apply import Means
from scrapectl.engine.marks import Mark, fields_with
from scrapectl.engine.plan import Plan
from scrapectl.engine.rehearsal import OneByOne, Rehearsal
from scrapectl.engine.resource import Removal
from scrapectl.kinds import KINDS
from scrapectl.pipeline.imagined import imagined
from scrapectl.pipeline.terms import Options, Planned

_IDS = {"security_group": "sg-", "ec2_launch_template": "lt-"}


@dataclass(frozen=True)
class Rehearsed:
    """The requests, each with the address that it is for (the anchor's: "anchor"), and what is not known of them."""

    requests: tuple[tuple[str, Request], ...]
    notes: tuple[str, ...]


def rehearse(planned: Planned, aws: Session, options: Options | None = None) -> Rehearsed:
    """Go through a plan as an apply would, one thing after the other; only reads are sent.

    An empty plan sends nothing, and so does a refused one.
    """
    options, plan = options or Options(), planned.plan
    if plan.empty or plan.refusals:
        return Rehearsed((), ())
    seen = planned.anchored and dataclasses.replace(planned.anchored, holder=None)
    only_written = RehearsalAws(aws, sorted(_hidden(plan), key=len, reverse=True), seen.version if seen else 0)
    owner = f"{plan.pipeline}.{plan.stage}" if plan.stage else plan.pipeline
    anchor = Anchor(only_written, owner, options.command)
    anchor.take(seen)
    rehearsal = _rehearsal(plan, only_written, owner, options)
    rehearsal.rehearse()
    anchor.release(changed=True)
    opened = {address for address, resource in rehearsal.wanted.items() if is_unknown(resource)}
    addresses = ["anchor", *rehearsal.addresses, "anchor"]
    told = zip(addresses, only_written.requests, strict=True)
    return Rehearsed(
        tuple((address, with_open_hint(request) if address in opened else request) for address, request in told),
        tuple(rehearsal.notes),
    )


def _rehearsal(plan: Plan, aws: RehearsalAws, owner: str, options: Options) -> Rehearsal:
    turns = OneByOne()
    means = Means(
        aws=aws,
        kinds=KINDS,
        owner=owner,
        clock=turns,
        workers=turns,
        retry_after=lambda _error, _tries: None,
        removal=Removal(delete_data=options.delete_data, kill=options.kill),
    )
    return Rehearsal(
        plan,
        means,
        sent=lambda: [request.operation for request in aws.requests],
        imagined=imagined,
        imagine=lambda kind, output: (_IDS.get(kind, "") if output == "id" else "") + UNKNOWN,
    )


def _hidden(plan: Plan) -> Iterator[str]:
    """The values that secrets shall get."""
    for change in plan.changes:
        resource = change.desired.resource if change.desired else None
        for name in fields_with(type(resource), Mark.SECRET) if resource else ():
            value = getattr(resource, name)
            if isinstance(value, str) and value:
                yield value
