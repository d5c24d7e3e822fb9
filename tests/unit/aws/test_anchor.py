"""The lease of an owner: taken, renewed, lost, waited for and taken over, always by AWS's time."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from scrapectl.aws import anchor as anchors
from scrapectl.aws.anchor import LEASE, Anchor
from scrapectl.aws.anchor_state import Holder, State, anchor_name
from scrapectl.errors import AwsError

OWNER = "shop.prod"


class Parameters:
    """SSM's parameters as Anchor sees them, with AWS's time and calls that can be made to fail."""

    def __init__(self) -> None:
        self.versions: list[str] = []
        self.deleted = False
        self.tags: list[dict[str, str]] = []
        self.time = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
        self.failing: Exception | None = None
        self.before_put: list[Any] = []
        self.calls: list[str] = []
        self.lock = threading.Lock()

    def now(self) -> dt.datetime:
        return self.time

    def call(self, service: str, operation: str, /, absent: tuple[str, ...] = (), **params: Any) -> Any:  # noqa: ARG002
        assert service == "ssm"
        if operation == "put_parameter" and self.before_put:
            self.before_put.pop()()
        with self.lock:
            self.calls.append(operation)
            if self.failing:
                raise self.failing
            return getattr(self, operation)(**params)

    def get_parameter(self, Name: str) -> Any:  # noqa: N803 - AWS's spelling
        name, _, version = Name.partition(":")
        assert name == anchor_name(OWNER)
        number = int(version or len(self.versions))
        if not 0 < number <= len(self.versions):
            return None
        return {"Parameter": {"Value": self.versions[number - 1], "Version": number}}

    def put_parameter(self, *, Value: str, Overwrite: bool = False, **rest: Any) -> Any:  # noqa: N803
        if self.versions and not Overwrite:
            raise AwsError("it exists", code="ParameterAlreadyExists")
        assert not (Overwrite and "Tags" in rest), "AWS refuses tags with an overwrite"
        self.tags = rest.get("Tags", self.tags)
        self.versions.append(Value)
        return {"Version": len(self.versions)}

    def delete_parameter(self, **_: Any) -> Any:
        self.versions.clear()
        return {}

    @property
    def newest(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.versions[-1])
        return found


@pytest.fixture
def aws() -> Parameters:
    return Parameters()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(anchors, "POLL_EVERY", 0.01)
    yield
    assert not [t for t in threading.enumerate() if t.name == "lease"], "a lease is renewed after its end"


def make(aws: Any, host: str = "here", told: list[str] | None = None) -> Anchor:
    """An anchor of another machine than this one, so that nobody looks for its process."""
    found = Anchor(aws, OWNER, "apply", (told if told is not None else []).append)
    found._me = Holder(host, 7, "1", "ann", "apply")
    return found


def state_of(anchor: Anchor) -> State:
    found = anchor.read()
    assert found is not None
    return found


def test_first_lease_is_tagged_as_the_owners(aws: Parameters) -> None:
    anchor = make(aws)
    assert anchor.read() is None
    anchor.take(None)
    assert anchor.holds()
    assert anchor.follows() == 0
    assert {"Key": "scrapectl:pipeline", "Value": OWNER} in aws.tags
    assert aws.newest["until"] == aws.now().timestamp() + LEASE
    anchor.release(changed=True)


def test_serial_moves_only_with_a_change(aws: Parameters) -> None:
    for changed, serial in ((False, 0), (True, 1), (True, 2), (False, 2)):
        anchor = make(aws)
        seen = anchor.read()
        anchor.take(seen)
        assert anchor.follows() == (seen.version if seen else 0)
        anchor.release(changed=changed)
        state = state_of(anchor)
        assert (state.serial, state.holder) == (serial, None)
    assert state.applied.startswith("2026-03-02T09:00:00")


def test_another_holder_is_waited_for_and_named(aws: Parameters) -> None:
    told: list[str] = []
    first, second = make(aws, "here"), make(aws, "there", told)
    first.take(None)
    seen = second.read()
    waiting = threading.Thread(target=second.take, args=(seen,))
    waiting.start()
    time.sleep(0.1)
    assert waiting.is_alive()
    assert told == [f"ann on here (process 7, apply) is at work on {OWNER}; waiting for it."]
    first.release(changed=True)
    waiting.join(5)
    assert second.holds()
    assert seen is not None
    assert second.follows() > seen.version, "what the first one did must be seen before the second goes on"
    second.release(changed=False)


def test_lease_ends_by_the_time_of_aws_alone(aws: Parameters) -> None:
    gone, next_one = make(aws, "gone"), make(aws, "next")
    gone.take(None)
    gone._end_renewal()
    waiting = threading.Thread(target=next_one.take, args=(next_one.read(),))
    waiting.start()
    aws.time += dt.timedelta(seconds=LEASE - 1)
    time.sleep(0.1)
    assert waiting.is_alive()
    aws.time += dt.timedelta(seconds=2)
    waiting.join(5)
    assert next_one.holds()
    next_one.release(changed=False)


def test_dead_process_of_this_host_is_replaced_at_once(aws: Parameters) -> None:
    dead, mine = make(aws, socket.gethostname()), make(aws, "there")
    dead._me = dataclasses.replace(dead._me, pid=os.getpid(), start="another start: the number was used again")
    dead.take(None)
    dead._end_renewal()
    mine.take(mine.read())
    assert mine.holds()
    mine.release(changed=False)


def test_late_write_is_void(aws: Parameters) -> None:
    """Two claim one free lease at once: AWS takes both writes, but only the first one follows what it had seen."""
    aws.versions.append(State(serial=4).to_json())
    first, second = make(aws, "first"), make(aws, "second")
    seen = first.read()
    aws.before_put.append(lambda: first._claim(seen))
    assert not second._claim(seen)
    assert len(aws.versions) == 3
    state = state_of(second)
    assert state.holder == first._me
    assert (state.version, state.serial) == (3, 4)
    assert first._put(dataclasses.replace(first._state or State())), "a void write in between takes no lease away"


def test_renewal_finds_that_the_lease_was_taken(aws: Parameters, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchors, "RENEW_EVERY", 0.02)
    told: list[str] = []
    first, second = make(aws, "first", told), make(aws, "second")
    first.take(None)
    assert second._put(dataclasses.replace(state_of(second), holder=second._me))
    for _ in range(200):
        if not first.holds():
            break
        time.sleep(0.01)
    assert not first.holds()
    assert told == [f"another apply took {OWNER} over; nothing more is started here."]
    first.release(changed=True)
    assert state_of(first).holder == second._me, "a lease that was lost is not given back"


def test_lease_is_renewed(aws: Parameters, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchors, "RENEW_EVERY", 0.01)
    anchor = make(aws)
    anchor.take(None)
    aws.time += dt.timedelta(seconds=30)
    for _ in range(200):
        if aws.newest["until"] == aws.now().timestamp() + LEASE:
            break
        time.sleep(0.01)
    assert aws.newest["until"] == aws.now().timestamp() + LEASE
    anchor.release(changed=False)


def test_holder_that_cannot_renew_starts_nothing_more(aws: Parameters, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchors, "RENEW_EVERY", 0.01)
    monkeypatch.setattr(anchors, "LEASE", 0.1)
    anchor = make(aws)
    anchor.take(None)
    aws.failing = AwsError("no network", lost=True)
    assert anchor.holds()
    time.sleep(0.15)
    assert not anchor.holds()
    anchor.release(changed=True)


def test_lease_that_cannot_be_given_back_is_told(aws: Parameters) -> None:
    told: list[str] = []
    anchor = make(aws, told=told)
    anchor.take(None)
    aws.failing = AwsError("no network.", lost=True)
    anchor.release(changed=True)
    assert told == [f"the lease on {OWNER} could not be given back: no network. It ends within 60 s."]


def test_own_write_sent_twice_is_no_loss(aws: Parameters) -> None:
    """The SDK sends a call again whose answer was lost: the first of the two counts, and it is ours."""
    anchor = make(aws)
    anchor.take(None)
    again = dataclasses.replace(anchor._state or State(), follows=1)
    aws.before_put.append(lambda: aws.versions.append(again.to_json()))
    assert anchor._put(anchor._state or State())
    assert state_of(anchor).holder == anchor._me
    anchor.release(changed=False)


def test_anchor_that_destroy_took_away_is_no_lease(aws: Parameters) -> None:
    anchor, other = make(aws), make(aws, "other")
    anchor.take(None)
    anchor._end_renewal()
    other.remove()
    assert not anchor._put(anchor._state or State())
    assert state_of(other).holder is None, "what it wrote says nothing"


def test_two_writes_at_one_moment_are_tried_again(aws: Parameters) -> None:
    """SSM refuses both of two updates of one parameter at the same time."""
    first = Anchor(aws, OWNER, "apply")
    first.take(first.read())
    first.release(changed=True)

    put, tries = aws.put_parameter, []

    def busy(**params: Any) -> Any:
        tries.append(params)
        if len(tries) == 1:
            raise AwsError("too many", code="TooManyUpdates")
        return put(**params)

    aws.put_parameter = busy  # type: ignore[method-assign]
    second = Anchor(aws, OWNER, "apply")
    second.take(second.read())
    assert second.holds()
    assert len(tries) == 2
    second.release(changed=False)


def test_what_somebody_else_wrote_there_is_told(aws: Parameters) -> None:
    aws.versions.append("mine")
    with pytest.raises(AwsError, match="holds what scrapectl did not write") as raised:
        make(aws).read()
    assert raised.value.hint.endswith(f"aws ssm delete-parameter --name {anchor_name(OWNER)}")
