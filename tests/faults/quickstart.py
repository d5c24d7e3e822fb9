"""What the quickstart's apply and destroy change, and leave standing, when nobody disturbs them."""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import dataclass

from tests.account import EXAMPLES, Account, example, writes
from tests.faults.account_contents import standing
from tests.faults.endpoint import Place

SPEC = EXAMPLES["quickstart"]


@dataclass(frozen=True)
class Undisturbed:
    """By command: the places of its changing calls, and what stands after it."""

    places: dict[str, list[Place]]
    standing: dict[str, list[str]]


@functools.cache
def undisturbed() -> Undisturbed:
    """Apply and destroy it in an account of its own; an account that is open now is lost."""
    account, spec = Account(), example("quickstart")
    places, left = {}, {}
    for command, task in (("apply", account.put), ("destroy", account.destroy)):
        seen: Counter[tuple[str, str]] = Counter()
        places[command] = []
        for call in writes(account.calls_of(functools.partial(task, spec))):
            seen[call] += 1
            places[command].append(Place(*call, seen[call]))
        left[command] = standing(account)
    return Undisturbed(places, left)
