"""A database of an embedded cloud, put through its steps as the engine does."""

from __future__ import annotations

from scrapectl.engine.diff import diff, fill_defaults
from scrapectl.engine.ownership import ON_DESTROY
from scrapectl.engine.resource import FieldChange, Live, Status, Update
from scrapectl.kinds.rds_answer import Standing
from scrapectl.kinds.rds_instance import RdsInstance

TAGS = {"scrapectl:pipeline": "shop", ON_DESTROY: "snapshot"}
KEY = ("shop-results",)
WAIT = 30.0


def settled(aws, cloud) -> Live | None:
    for _ in range(60):
        live = RdsInstance.read(aws, KEY)
        if live is None or live.status is not Status.BUSY:
            return live
        cloud.clock.advance(WAIT)
    raise AssertionError("it stays busy")


def standing(aws, cloud) -> Live:
    live = settled(aws, cloud)
    assert live is not None
    return live


def state(live: Live) -> str:
    assert isinstance(live.detail, Standing)
    return live.detail.state


def changes(want: RdsInstance, live: Live) -> tuple[FieldChange, ...]:
    return diff(want.given(live), live)


def step(aws, want: RdsInstance, live: Live) -> None:
    names = frozenset(change.name for change in changes(want, live))
    fill_defaults(want.given(live), live.resource).update(aws, Update(live, names, TAGS))


def put(aws, cloud, want: RdsInstance) -> Live:
    """As the engine does: write, wait, look, until nothing differs."""
    for _ in range(20):
        live = standing(aws, cloud)
        if not changes(want, live):
            return live
        step(aws, want, live)
        cloud.clock.advance(want.pace.first)
    raise AssertionError(f"it does not come to rest: {changes(want, live)}")


def operations(sent) -> list[str]:
    return [c.operation for c in sent.calls if c.service == "rds" and not c.operation.startswith(("Describe", "List"))]
