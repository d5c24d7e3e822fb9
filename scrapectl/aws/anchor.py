"""One SSM parameter for each owner keeps two applies apart: a lease by AWS's time, and a serial."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
import time
from collections.abc import Callable
from typing import Protocol

from scrapectl.aws.anchor_state import Holder, State, anchor_name
from scrapectl.engine.ownership import ADDRESS, PIPELINE
from scrapectl.engine.resource import Aws
from scrapectl.errors import AwsError, ScrapectlError

LEASE = 60.0
RENEW_EVERY = 20.0
POLL_EVERY = 3.0


class TimedAws(Aws, Protocol):
    """AWS that also tells its time."""

    def now(self) -> dt.datetime:
        """AWS's time."""


class Anchor:
    """The lease of one owner."""

    def __init__(
        self, aws: TimedAws, owner: str, command: str, tell: Callable[[str], None] = lambda _text: None
    ) -> None:
        self._aws = aws
        self.owner = owner
        self._me = Holder.me(command)
        self._tell = tell
        self._state: State | None = None
        self._renewed = 0.0
        self._taken_over = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._lost = False

    def read(self) -> State | None:
        """What stands; None when no apply has been there."""
        latest = self._read_version(None)
        state = latest
        while state is not None and state.void:  # a write that came too late says nothing
            state = self._read_version(state.version - 1) if state.version > 1 else None
        return latest and dataclasses.replace(state or State(), version=latest.version)

    def _read_version(self, version: int | None) -> State | None:
        name = anchor_name(self.owner) + (f":{version}" if version else "")
        absent = ("ParameterNotFound", "ParameterVersionNotFound")
        answer = self._aws.call("ssm", "get_parameter", Name=name, absent=absent)
        if answer is None:
            return None
        parameter = answer["Parameter"]
        try:
            return State.from_json(parameter["Value"], parameter["Version"])
        except ValueError as error:
            path = anchor_name(self.owner)
            raise AwsError(
                f"the parameter {path} holds what scrapectl did not write.",
                f"When nobody is at work on {self.owner}, delete it: aws ssm delete-parameter --name {path}",
            ) from error

    def take(self, seen: State | None) -> None:
        """Take the lease, waiting for another holder; a dead one of this host is replaced at once.

        Args:
            seen: What the plan's `read` said. It may be old: a write over what nobody saw is void, and tried again.
        """
        state = self.read() if seen is not None and seen.holder is not None else seen
        while True:
            state = self._wait_for_holder(state)
            if self._claim(state):
                break
            state = self.read()
        self._taken_over = state.version if state else 0
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._thread.start()

    def follows(self) -> int:
        """The version that the lease was taken over: one that a plan saw means that nobody wrote since; 0: none."""
        return self._taken_over

    def holds(self) -> bool:
        """Whether the lease is still ours: a holder that could not renew in time starts no further write."""
        return not self._lost and time.monotonic() - self._renewed < LEASE

    def release(self, *, changed: bool, spec: str | None = None) -> None:
        """Give the lease back; the serial moves when something was changed. `spec` is what stands as a whole now.

        A lease that cannot be given back ends by itself, and the next apply sees that it was never given back: that
        is told, and hides nothing of what came of the apply.
        """
        self._end_renewal()
        if self._state is None or not self.holds():
            return
        applied = self._aws.now().isoformat(timespec="seconds") if changed else self._state.applied
        after = dataclasses.replace(
            self._state,
            serial=self._state.serial + changed,
            holder=None,
            until=0.0,
            applied=applied,
            spec=self._state.spec if spec is None else spec,
        )
        try:
            self._put(after)
        except ScrapectlError as error:
            self._tell(f"the lease on {self.owner} could not be given back: {error} It ends within {LEASE:.0f} s.")

    def remove(self) -> None:
        """Destroy's last call."""
        self._end_renewal()
        self._aws.call("ssm", "delete_parameter", Name=anchor_name(self.owner), absent=("ParameterNotFound",))

    def _wait_for_holder(self, state: State | None) -> State | None:
        told = False
        while state is not None and state.holder is not None and state.holder != self._me:
            if state.holder.is_dead_here() or self._aws.now().timestamp() > state.until:
                return state
            if not told:
                self._tell(f"{state.holder} is at work on {self.owner}; waiting for it.")
                told = True
            time.sleep(POLL_EVERY)
            state = self.read()
        return state

    def _claim(self, state: State | None) -> bool:
        seen = state or State()
        wanted = dataclasses.replace(seen, holder=self._me, until=self._until(), follows=seen.version)
        if state is not None:
            return self._put_first(wanted)
        tags, sent = {PIPELINE: self.owner, ADDRESS: f"anchor.{self.owner}"}, time.monotonic()
        try:
            answer = self._aws.call(
                "ssm",
                "put_parameter",
                Name=anchor_name(self.owner),
                Value=wanted.to_json(),
                Type="String",
                Description="Keeps two applies of one scrapectl pipeline apart",
                Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            )
        except AwsError as error:
            if error.code != "ParameterAlreadyExists":
                raise
            return False
        self._hold(dataclasses.replace(wanted, version=answer["Version"]), sent)
        return True

    def _put_first(self, wanted: State) -> bool:
        """Write over what was seen; two who do so at the same moment may both be refused."""
        try:
            return self._put(wanted)
        except AwsError as error:
            if error.code != "TooManyUpdates":
                raise
            return False

    def _put(self, state: State) -> bool:
        """Write over the version that was seen; void when somebody wrote in between (a compare-and-swap)."""
        seen, sent = state.version, time.monotonic()
        wanted = dataclasses.replace(state, follows=seen)
        answer = self._aws.call(
            "ssm",
            "put_parameter",
            Name=anchor_name(self.owner),
            Value=wanted.to_json(),
            Type="String",
            Overwrite=True,
        )
        version = answer["Version"]
        if version <= seen:  # somebody's destroy deleted it meanwhile
            return False
        if version != seen + 1:
            between = (self._read_version(number) for number in range(seen + 1, version))
            # One of ours that counts is this very write, sent again by the SDK after its answer was lost.
            if any(other is not None and not other.void and other.holder != self._me for other in between):
                return False
            return self._put(dataclasses.replace(state, version=version))  # all in between were void: once more
        self._hold(dataclasses.replace(wanted, version=version), sent)
        return True

    def _hold(self, state: State, sent: float) -> None:
        """The lease counts from before the call that took it was sent."""
        self._state, self._renewed = state, sent

    def _until(self) -> float:
        return self._aws.now().timestamp() + LEASE

    def _keep(self) -> None:
        while not self._stop.wait(RENEW_EVERY):
            if self._state is None:
                return
            try:
                self._lost = not self._put(dataclasses.replace(self._state, until=self._until()))
            except ScrapectlError:
                continue  # tried again at the next tick; `holds` ends by itself when none gets through
            if self._lost:
                self._tell(f"another apply took {self.owner} over; nothing more is started here.")
                return

    def _end_renewal(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
