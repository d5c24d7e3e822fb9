"""What the property tests share: the environment and the folder of random specs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.random_specs import ENV


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the specs stand: `build: ./scraper` starts here."""
    found = tmp_path_factory.mktemp("specs")
    (found / "scraper").mkdir()
    (found / "scraper" / "Dockerfile").write_text("FROM python:3.13-slim\n", encoding="utf-8")
    return found
