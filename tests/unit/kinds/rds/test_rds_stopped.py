"""A database that is stopped: started for a change and stopped again, whatever happens between."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from scrapectl.engine.resource import Status
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
