"""A life for each test, in an empty folder, with nothing of the user's own environment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.account import Account
from tests.permissions.everything import POLICIES
from tests.permissions.life import Life


@pytest.fixture
def life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Life]:
    """Nothing stands yet, and whoever calls is judged by the policies for everything."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "SCRAPECTL_")):
            monkeypatch.delenv(name)
    account = Account()
    yield Life(account, tmp_path, monkeypatch, dict(POLICIES))
    account.cloud.close()
