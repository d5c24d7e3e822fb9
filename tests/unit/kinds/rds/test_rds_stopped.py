"""A database that is stopped: started for a change and stopped again, whatever happens between."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from scrapectl.engine.resource import FieldChange, Status
from scrapectl.errors import ScrapectlError
from scrapectl.kinds.rds_instance import STOP_AGAIN, RdsInstance
from tests.unit.kinds.rds.database import changes, operations, put, standing, state, step


class TestStopped:
    def test_it_is_as_it_should_be(self, want, stopped):
        assert stopped.status is Status.READY
        assert changes(want, stopped) == ()
        assert want.told(stopped, ()) == ()

    def test_a_change_starts_it_and_stops_it_again(self, aws, cloud, want, stopped, sent):
        before = len(operations(sent))
        bigger = dataclasses.replace(want, instance_class="db.t4g.small")
        assert "it is stopped: it is started for this change, and stopped again" in bigger.told(
            stopped, changes(bigger, stopped)
        )
        live = put(aws, cloud, bigger)
        assert state(live) == "stopped"
        assert live.resource.instance_class == "db.t4g.small"
        assert STOP_AGAIN not in live.tags
        done = [name for name, _ in itertools.groupby(operations(sent)[before:])]
        assert done == [
            "AddTagsToResource",
            "StartDBInstance",
            "ModifyDBInstance",
            "StopDBInstance",
            "RemoveTagsFromResource",
        ]

    @pytest.mark.usefixtures("made")
    def test_one_that_runs_is_never_stopped(self, aws, cloud, want, sent):
        live = put(aws, cloud, dataclasses.replace(want, instance_class="db.t4g.small"))
        assert state(live) == "available"
        assert "StopDBInstance" not in operations(sent)

    def test_tags_are_changed_without_starting_it(self, aws, cloud, stopped):
        RdsInstance.retag(aws, stopped, {"team": "a"}, ())
        live = standing(aws, cloud)
        assert live.tags["team"] == "a"
        assert state(live) == "stopped"

    def test_what_was_left_started_is_a_difference(self, aws, cloud, want, stopped):
        bigger = dataclasses.replace(want, instance_class="db.t4g.small")
        step(aws, bigger, stopped)  # and then the program was killed, and the spec taken back
        live = standing(aws, cloud)
        assert [change.name for change in changes(want, live)] == ["power"]
        live = put(aws, cloud, want)
        assert state(live) == "stopped"
        assert changes(want, live) == ()

    def test_a_mark_without_a_start_is_taken_off(self, aws, cloud, want, stopped, sent):
        aws.tag(stopped.outputs["arn"], {STOP_AGAIN: "true"}, ())
        live = put(aws, cloud, want)
        assert STOP_AGAIN not in live.tags
        assert "StartDBInstance" not in operations(sent)

    @pytest.mark.usefixtures("stopped")
    def test_while_storage_is_optimized_it_cannot_be_stopped_and_says_so(self, aws, cloud, want):
        with pytest.raises(ScrapectlError, match="optimizes, for some hours"):
            put(aws, cloud, dataclasses.replace(want, storage=40))
        cloud.clock.advance(12 * 3600)
        assert state(put(aws, cloud, dataclasses.replace(want, storage=40))) == "stopped"


class TestWithoutPowerHours:
    @pytest.fixture
    def up(self, want) -> RdsInstance:
        return dataclasses.replace(want, always_up=True)

    def test_a_stopped_one_is_started_and_told(self, aws, cloud, up, stopped, sent):
        before = len(operations(sent))
        assert changes(up, stopped) == (FieldChange("power", "stopped", "up"),)
        assert up.told(stopped, changes(up, stopped)) == (
            "it is stopped: it is started, and stays up, as it has no power hours",
        )
        live = put(aws, cloud, up)
        assert (state(live), up.told(live, ())) == ("available", ())
        assert operations(sent)[before:] == ["StartDBInstance"]

    @pytest.mark.usefixtures("made")
    def test_one_on_its_way_down_is_waited_for_and_started(self, aws, cloud, up):
        aws.call("rds", "stop_db_instance", DBInstanceIdentifier=up.name)
        live = RdsInstance.read(aws, up.key())
        assert live is not None
        assert (live.status, changes(up, live)) == (Status.BUSY, (FieldChange("power", "stopping", "up"),))
        assert state(put(aws, cloud, up)) == "available"

    @pytest.mark.usefixtures("stopped")
    def test_after_a_change_it_stays_up(self, aws, cloud, up, sent):
        before = len(operations(sent))
        bigger = dataclasses.replace(up, instance_class="db.t4g.small")
        live = put(aws, cloud, bigger)
        assert (state(live), live.resource.instance_class) == ("available", "db.t4g.small")
        assert operations(sent)[before:] == ["StartDBInstance", "ModifyDBInstance"]

    @pytest.mark.parametrize("started", [True, False])
    @pytest.mark.parametrize("calls", [1, 2])
    def test_what_was_to_be_stopped_again_stays_up(self, aws, cloud, want, up, stopped, started, calls):
        """A kill in a change while it had power hours left the mark; another kill comes in between."""
        kill = killed_after(aws, 2 if started else 1)
        next(kill)
        with pytest.raises(KeyboardInterrupt):
            step(aws, dataclasses.replace(want, instance_class="db.t4g.small"), stopped)
        next(kill, None)
        kill = killed_after(aws, calls)
        next(kill)
        with contextlib.suppress(KeyboardInterrupt):
            put(aws, cloud, up)
        next(kill, None)
        live = put(aws, cloud, up)
        assert (state(live), changes(up, live)) == ("available", ())
        assert STOP_AGAIN not in live.tags


def killed_after(aws, calls: int) -> Iterator[None]:
    """The program ends after so many changing calls, which were carried out."""
    call = aws.call
    left = [calls]

    def then_die(service: str, operation: str, /, **more: Any) -> Any:
        answer = call(service, operation, **more)
        if not operation.startswith(("describe_", "list_")):
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt
        return answer

    aws.call = then_die
    yield
    aws.call = call


@pytest.mark.parametrize("calls", range(1, 6))
def test_a_kill_anywhere_in_the_change_of_a_stopped_one_is_mended(aws, cloud, want, stopped, calls):
    bigger = dataclasses.replace(want, instance_class="db.t4g.small")
    kill = killed_after(aws, calls)
    next(kill)
    with pytest.raises(KeyboardInterrupt):
        put(aws, cloud, bigger)
    next(kill, None)
    live = put(aws, cloud, bigger)
    assert (state(live), live.resource.instance_class) == ("stopped", "db.t4g.small")
    assert STOP_AGAIN not in live.tags
