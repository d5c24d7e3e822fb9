"""What an anchor says: read as any version writes it, and whether its holder still runs on this host."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys

import pytest

from scrapectl.aws import anchor_state
from scrapectl.aws.anchor_state import Holder, State, _process_start


def test_what_another_version_has_added_is_passed_over() -> None:
    holder = {"host": "h", "pid": 1, "start": "s", "who": "w", "command": "apply", "added": 1}
    state = State.from_json(json.dumps({"serial": 3, "holder": holder, "added": {}}), 9)
    assert state == State(serial=3, holder=Holder("h", 1, "s", "w", "apply"), version=9)


@pytest.mark.parametrize("text", ["", "mine", "[1]", '{"holder": {"host": "h"}}', '{"holder": "me"}'])
def test_what_no_version_writes_is_no_state(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the anchor tells it in words
        State.from_json(text, 1)


def test_this_process_knows_that_it_lives() -> None:
    me = Holder.me("apply")
    assert not me.is_dead_here()
    assert dataclasses.replace(me, pid=2**22 + 1).is_dead_here()
    assert not dataclasses.replace(me, host="elsewhere", pid=2**22 + 1).is_dead_here()


@pytest.mark.skipif(sys.platform != "linux", reason="only procfs tells it")
def test_a_process_that_has_ended_is_dead_before_it_is_waited_for() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        start = _process_start(child.pid)
        holder = dataclasses.replace(Holder.me("apply"), pid=child.pid, start=start or "")
        assert start
        assert not holder.is_dead_here()
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and nobody has waited for it
        assert holder.is_dead_here()


def test_a_user_without_a_name_is_told_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container that runs as a number that no line of its passwd file has."""

    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr(anchor_state.getpass, "getuser", unknown)
    assert Holder.me("apply").who == str(os.getuid())
