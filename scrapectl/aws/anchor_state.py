"""What the anchor says, and how SSM keeps it: who holds the lease, until when, and what was applied last."""

from __future__ import annotations

import dataclasses
import getpass
import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Holder:
    """Who works on the owner's things right now."""

    host: str
    pid: int
    start: str  # of the process, so that a pid used again is not taken for it
    who: str
    command: str

    @classmethod
    def me(cls, command: str) -> Holder:
        """This process."""
        return cls(socket.gethostname(), os.getpid(), _process_start(os.getpid()) or "", _who(), command)

    def is_dead_here(self) -> bool:
        """Whether it was a process of this host that no longer runs."""
        return self.host == socket.gethostname() and _process_start(self.pid) != self.start

    def __str__(self) -> str:
        return f"{self.who} on {self.host} (process {self.pid}, {self.command})"


@dataclass(frozen=True)
class State:
    """What the parameter says. `version` is SSM's; `follows` the newest that its writer had seen.

    `spec` is the fingerprint of what was last applied as a whole; "" when the last apply was not whole.
    """

    serial: int = 0
    holder: Holder | None = None
    until: float = 0.0
    follows: int = 0
    applied: str = ""
    spec: str = ""
    version: int = 0

    @property
    def void(self) -> bool:
        """Written by one who had not seen what stood before it."""
        return self.follows != self.version - 1

    def to_json(self) -> str:
        """What is stored."""
        plain = dataclasses.asdict(self)
        del plain["version"]
        return json.dumps(plain, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str, version: int) -> State:
        """Read what is stored; a writer of another version may have added fields.

        Raises:
            ValueError: No version of scrapectl writes such a text.
        """
        plain = json.loads(text)
        try:
            given = _known(cls, plain) | {"version": version}
            if given.get("holder"):
                given["holder"] = Holder(**_known(Holder, given["holder"]))
            return cls(**given)
        except (AttributeError, TypeError) as error:
            raise ValueError(f"{text[:40]!r} is no state") from error


def _known(type_: type[Any], plain: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in dataclasses.fields(type_)}
    return {name: value for name, value in plain.items() if name in names}


def anchor_name(owner: str) -> str:
    """The parameter's path."""
    return f"/scrapectl/{owner}/anchor"


def describe_standing(state: State | None) -> dict[str, Any]:
    """What `pipelines` shows of an anchor."""
    return {"serial": state.serial if state else 0, "last_apply": state.applied if state else ""}


def _who() -> str:
    """The user's name; a container may run as a number that no name belongs to."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _process_start(pid: int) -> str | None:
    """When a process of this host started, in the kernel's own words; None when it does not run."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:  # noqa: PTH123 - one line of procfs
            state, *fields = stat.read().rsplit(")", 1)[1].split()
            return None if state in {"Z", "X"} else fields[18]  # one that has ended and is not yet waited for
    except (OSError, IndexError):
        return _start_by_ps(pid)


def _start_by_ps(pid: int) -> str | None:
    """Where there is no procfs (macOS), `ps` tells."""
    if os.path.isdir("/proc/self"):  # noqa: PTH112 - procfs is there, so the process is not
        return None
    import subprocess  # noqa: PLC0415 - only there

    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() or None
