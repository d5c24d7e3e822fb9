"""The whole way over the make-believe AWS: refresh, plan, apply."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from fake import KINDS, FakeAws, InlineWorkers

from scrapectl.aws.retry import retry_after
from scrapectl.engine.aim import Aim
from scrapectl.engine.apply import Apply, Means
from scrapectl.engine.plan import Event, Outcome, Plan
from scrapectl.engine.planner import make_destroy_plan, make_plan
from scrapectl.engine.refresh import refresh
from scrapectl.engine.resource import Desired, Removal

OWNER = "shop"


def aim(**more: Any) -> Aim:
    return Aim("shop", None, "1", "r", KINDS, **{"takeover": True, **more})


def inventory(aws: FakeAws, owner: str = OWNER) -> dict[str, list[tuple[str, ...]]]:
    return {name: kind.owned(aws, owner) for name, kind in KINDS.items()}


def plan(aws: FakeAws, wanted: Sequence[Desired], **more: Any) -> Plan:
    world = refresh(aws, KINDS, wanted, OWNER, lambda: inventory(aws))
    return make_plan(wanted, world, aim(**more))


def plan_destroy(aws: FakeAws, wanted: Sequence[Desired] = (), **more: Any) -> Plan:
    world = refresh(aws, KINDS, wanted, OWNER, lambda: inventory(aws), destroys=True)
    return make_destroy_plan(wanted, world, aim(**more))


def carry_out(
    aws: FakeAws,
    made: Plan,
    seed: int = 0,
    may_go_on: Callable[[], bool] = lambda: True,
    listener: Callable[[Event], None] = lambda _event: None,
    removal: Removal = Removal(delete_data=True),  # noqa: B008 - frozen
) -> tuple[Outcome, ...]:
    means = Means(
        aws=aws,
        kinds=KINDS,
        owner=OWNER,
        clock=aws.clock,
        workers=InlineWorkers(aws.clock, random.Random(seed)),
        retry_after=retry_after,
        removal=removal,
        may_go_on=may_go_on,
        listener=listener,
    )
    return Apply(made, means).run()
