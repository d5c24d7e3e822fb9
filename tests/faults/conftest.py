"""A small pipeline in a folder of its own, for faults that do not need a whole example."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.endpoint import Endpoint

SPEC = """
    version: 1
    pipeline: shop
    region: us-east-1
    images: {scraper: {build: ./scraper}}
    message_queues: {pages: {}}
    jobs:
      collect: {image: scraper, vcpus: 0.25, memory: 512}
    """
DOCKERFILE = """
    FROM python:3.13-slim
    COPY go.py .
    ENTRYPOINT ["python", "go.py"]
    """


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """The spec of `shop`; what its job does is written to the folder's `scraper/go.py`."""
    (tmp_path / "scraper").mkdir()
    (tmp_path / "scraper" / "Dockerfile").write_text(textwrap.dedent(DOCKERFILE).lstrip())
    (tmp_path / "scraper" / "go.py").write_text("print('done')\n")
    path = tmp_path / "pipeline.yaml"
    path.write_text(textwrap.dedent(SPEC).lstrip())
    return path


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """An empty account behind a socket, without faults."""
    opened = Endpoint()
    yield opened
    opened.close()
