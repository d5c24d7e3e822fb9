"""Killed at any changing call of the quickstart's apply or destroy, the same command again ends well, at once."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass

import pytest

from tests.account import assert_empty, example
from tests.faults.account_contents import standing
from tests.faults.endpoint import Endpoint, Place, killed_at
from tests.faults.here import here
from tests.faults.quickstart import SPEC, undisturbed

ALL = os.environ.get("SCRAPECTL_FAULTS") == "all"
SAMPLE = 12
SEED = 416  # of 3000 the one whose sample holds the most different calls


@dataclass(frozen=True)
class Kill:
    """Where a command is killed."""

    command: str
    place: Place
    after: bool

    def __str__(self) -> str:
        return f"{self.command} killed {'after' if self.after else 'before'} {self.place}"


def kills() -> list[Kill]:
    """Before and after every changing call: in an order that does not hang on which thread came first."""
    found = [
        Kill(command, place, after)
        for command, places in undisturbed().places.items()
        for place in places
        for after in (False, True)
    ]
    return sorted(found, key=str)


def chosen(number: int) -> Kill:
    return kills()[number] if ALL else random.Random(SEED).sample(kills(), SAMPLE)[number]


@pytest.mark.parametrize("number", range(len(kills()) if ALL else SAMPLE))
def test_the_same_command_again_ends_well(number: int):
    kill, expected = chosen(number), undisturbed().standing
    endpoint = Endpoint()
    try:
        if kill.command == "destroy":
            endpoint.account.put(example("quickstart"))
        endpoint.fault = killed_at(endpoint, kill.place, after=kill.after)
        first = endpoint.cli(kill.command, SPEC, "--yes")
        assert first.code == -9, f"{kill}: it was not killed:\n{first.out}{first.err}"
        again = here(endpoint, kill.command, SPEC, "--yes").well()
        assert "waiting for it" not in again.err, f"{kill}: it waited for the dead one"
        assert standing(endpoint.account) == expected[kill.command], kill
        if kill.command == "apply":
            assert_empty(endpoint.account.plan(example("quickstart")))
    finally:
        endpoint.close()
