"""What the property tests share: the environment and folder of random specs, and what others have in the account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.account import Account
from tests.random_specs import ENV, FOLDER, furnished


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def account() -> Iterator[Account]:
    """An account in which somebody else has what random specs name by `existing:`."""
    found = furnished(Account())
    yield found
    found.cloud.close()


@pytest.fixture(scope="session")
def folder() -> Path:
    """Where the specs stand: their paths start here."""
    return FOLDER
