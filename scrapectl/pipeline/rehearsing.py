"""A plan → the requests that an apply of it would send, in order, without sending them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from scrapectl.aws.anchor import Anchor
from scrapectl.aws.rehearsal import UNKNOWN, RehearsalAws, Request, Unknown, is_unknown, with_open_hint
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
    taken, given_back = _lease(planned, aws, options)
    only_written = RehearsalAws(aws, _hidden(plan))
    rehearsal = _rehearsal(plan, only_written, options)
    rehearsal.rehearse()
    opened = {address for address, resource in rehearsal.wanted.items() if is_unknown(resource)}
    told = zip(rehearsal.addresses, only_written.requests, strict=True)
    between = ((address, with_open_hint(request) if address in opened else request) for address, request in told)
    return Rehearsed((("anchor", taken), *between, ("anchor", given_back)), tuple(rehearsal.notes))


def _lease(planned: Planned, aws: Session, options: Options) -> list[Request]:
    """What takes the lease and gives it back: at once, since one that is held is renewed, and ends, by the clock."""
    seen = planned.anchored and dataclasses.replace(planned.anchored, holder=None)
    only_written = RehearsalAws(aws, (), seen.version if seen else 0)
    anchor = Anchor(only_written, _owner(planned.plan), options.command)
    anchor.take(seen)
    anchor.release(changed=True, spec=planned.spec)
    return only_written.requests


def _rehearsal(plan: Plan, aws: RehearsalAws, options: Options) -> Rehearsal:
    turns = OneByOne()
    means = Means(
        aws=aws,
        kinds=KINDS,
        owner=_owner(plan),
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
        imagine=lambda kind, output: Unknown((_IDS.get(kind, "") if output == "id" else "") + UNKNOWN),
    )


def _owner(plan: Plan) -> str:
    return f"{plan.pipeline}.{plan.stage}" if plan.stage else plan.pipeline


def _hidden(plan: Plan) -> list[str]:
    """The values that secrets shall get, the longest first: a shorter one may be a part of it."""
    return sorted(_values_of_secrets(plan), key=len, reverse=True)


def _values_of_secrets(plan: Plan) -> Iterator[str]:
    for change in plan.changes:
        resource = change.desired.resource if change.desired else None
        for name in fields_with(type(resource), Mark.SECRET) if resource else ():
            value = getattr(resource, name)
            if isinstance(value, str) and value:
                yield value
