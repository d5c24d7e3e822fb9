"""What the property tests share: an account for each test, and the environment that random specs read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.account import Account
from tests.random_specs import ENV


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def account() -> Iterator[Account]:
    found = Account()
    yield found
    found.cloud.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the specs stand: `build: ./scraper` starts here."""
    found = tmp_path_factory.mktemp("specs")
    (found / "scraper").mkdir()
    (found / "scraper" / "Dockerfile").write_text("FROM python:3.13-slim\n", encoding="utf-8")
    return found
