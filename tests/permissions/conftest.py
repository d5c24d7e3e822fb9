"""A life for each test, in an empty folder, with nothing of the user's own environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.account import Account
from tests.permissions.everything import POLICIES
from tests.permissions.life import Life


@pytest.fixture
def lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Life]]:
    """Begin a life, one after another: nothing stands yet, and whoever calls is judged by the policies for all."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "SCRAPECTL_")):
            monkeypatch.delenv(name)
    accounts: list[Account] = []

    def begin() -> Life:
        end()
        accounts.append(Account())
        folder = tmp_path / str(len(accounts))
        folder.mkdir()
        return Life(accounts[-1], folder, monkeypatch, dict(POLICIES))

    def end() -> None:
        for account in accounts[-1:]:
            account.cloud.close()

    yield begin
    end()


@pytest.fixture
def life(lives: Callable[[], Life]) -> Life:
    """One life."""
    return lives()
