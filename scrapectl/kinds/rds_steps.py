"""Turns what differs of a database into AWS's next step: started for a change or for good, stopped again, ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from scrapectl.engine.ownership import ON_DESTROY
from scrapectl.engine.resource import Aws, FieldChange, Live, Update
from scrapectl.errors import ScrapectlError
from scrapectl.kinds import rds_changes
from scrapectl.kinds.rds_answer import DELETING, DOWN, NO_SNAPSHOT_OF, OPTIMIZING, STOPPED, standing_of

if TYPE_CHECKING:
    from scrapectl.kinds.rds_instance import RdsInstance

ABSENT = ("DBInstanceNotFound", "DBInstanceNotFoundFault")
STOP_AGAIN = "scrapectl:stop-again"
"""The tag of one that was started for a change: it is stopped when that is done."""


def power(want: RdsInstance, live: Live) -> Iterator[FieldChange]:
    """Say whether it is up or down otherwise than it shall be; with power hours it may be either."""
    state = standing_of(live).state
    if want.always_up and state in DOWN:
        yield FieldChange("power", state, "up")
    elif STOP_AGAIN in live.tags:
        before = "stopped, and marked" if state == STOPPED else "started for a change"
        yield FieldChange("power", before, "up" if want.always_up else "stopped")


def change(aws: Aws, want: RdsInstance, update: Update) -> None:
    """Start a stopped one, change what runs, or stop again what was started for it."""
    live, state = update.live, standing_of(update.live).state
    asked = update.changed - {"power", "status"}
    if STOP_AGAIN in live.tags and want.always_up:
        aws.tag(live.outputs["arn"], {}, (STOP_AGAIN,))
    if state == STOPPED and (asked or want.always_up):
        if STOP_AGAIN not in live.tags and not want.always_up:  # first: a kill in between leaves it stopped
            aws.tag(live.outputs["arn"], {STOP_AGAIN: "true"}, ())
        aws.call("rds", "start_db_instance", DBInstanceIdentifier=want.name)
    elif asked:
        _modify(aws, want, live, asked)
    elif "power" in update.changed and not want.always_up:
        _stop_again(aws, want.name, live)


def _modify(aws: Aws, want: RdsInstance, live: Live, asked: frozenset[str]) -> None:
    standing = standing_of(live)
    changed = asked | set(standing.pending) if "pending" in asked else asked
    aws.call(
        "rds",
        "modify_db_instance",
        DBInstanceIdentifier=want.name,
        ApplyImmediately=rds_changes.at_once(want, standing, changed),
        **rds_changes.members(want, standing, changed),
    )


def _stop_again(aws: Aws, name: str, live: Live) -> None:
    """Stop it, and take the tag off only when it is stopped: a kill in between is seen by the next plan."""
    state = standing_of(live).state
    if state == STOPPED:
        aws.tag(live.outputs["arn"], {}, (STOP_AGAIN,))
    elif state == OPTIMIZING:
        raise ScrapectlError(
            f"{name} was started for a change of its storage, which AWS still optimizes, for some hours; it "
            "cannot be stopped before.",
            "Run apply again then: it is stopped, as it was.",
        )
    else:
        aws.call("rds", "stop_db_instance", DBInstanceIdentifier=name)


def end(aws: Aws, live: Live) -> None:
    """Delete it with its automated backups, unless that is under way."""
    standing, name = standing_of(live), live.outputs["name"]
    if standing.state == DELETING:
        return
    ending: dict[str, Any] = {"SkipFinalSnapshot": True}
    if _leaves_snapshot(live):
        if standing.state in NO_SNAPSHOT_OF:
            raise ScrapectlError(
                f"{name} is {standing.state}: AWS makes no final snapshot of it.",
                "Restore what you need from an automated backup; with on_destroy: delete it goes as it is.",
            )
        ending = {"SkipFinalSnapshot": False, "FinalDBSnapshotIdentifier": _final_snapshot(live)}
    aws.call(
        "rds",
        "delete_db_instance",
        absent=(*ABSENT, "InvalidDBInstanceState:being deleted"),
        DBInstanceIdentifier=name,
        DeleteAutomatedBackups=True,
        **ending,
    )


def remains_of(live: Live) -> str:
    """Name the snapshot that stays."""
    if standing_of(live).state == DELETING:
        return "the final snapshot that it is being deleted with, if there is one"
    if not _leaves_snapshot(live):
        return ""
    return f"its last state, as the snapshot {_final_snapshot(live)}, which costs by its size until you delete it"


def _leaves_snapshot(live: Live) -> bool:
    """Whether the data outlives it: where nothing says so, it does."""
    return live.tags.get(ON_DESTROY, "snapshot") == "snapshot"


def _final_snapshot(live: Live) -> str:
    return f"{live.outputs['name']}-final-{standing_of(live).read_at}"
