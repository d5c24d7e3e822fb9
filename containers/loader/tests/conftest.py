"""The loader as it is in its image, against moto's AWS and a real PostgreSQL, one for all tests of a process."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import moto.sqs.models
import pytest
from moto import mock_aws

from scrapectl.local.databases.servers import Servers, advice, installed

HERE = Path(__file__).parent
sys.path[:0] = [str(folder) for folder in (HERE.parent, HERE) if str(folder) not in sys.path]


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a real PostgreSQL."""
    yield from _server(tmp_path_factory, "postgres")


@pytest.fixture(scope="session")
def mysql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a real MariaDB."""
    yield from _server(tmp_path_factory, "mysql")


def _server(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Iterator[int]:
    if not installed(engine):
        pytest.skip(advice(engine))
    servers = Servers(None)
    yield servers.start(engine, engine, ACCOUNT)
    servers.close()


@pytest.fixture(scope="module")
def aws() -> Iterator[Callable[[str], Any]]:
    """Clients of moto's account, one for the tests of a file: to empty it takes longer than most of them."""
    told = {"ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test", "DEFAULT_REGION": "us-east-1"}
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        # An embedded cloud of other tests may have moto's queues go by a clock that stands still.
        patch.setattr(moto.sqs.models, "unix_time", time.time)
        patch.setattr(moto.sqs.models, "unix_time_millis", lambda: time.time() * 1000)
        for name, value in told.items():
            patch.setenv(f"AWS_{name}", value)
        yield functools.cache(boto3.client)


@pytest.fixture
def scene(aws: Callable[[str], Any], postgres: int) -> Iterator[Scene]:
    """Buckets, a secret, and an empty schema of PostgreSQL to load into."""
    made = Scene(aws, postgres, ACCOUNT)
    yield made
    made.close()


from loader_scene import ACCOUNT, Scene  # noqa: E402 - it needs the path from above
