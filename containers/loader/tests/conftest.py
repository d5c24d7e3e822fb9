"""The loader as it is in its image, against moto's AWS and a real PostgreSQL, one for all tests of a process."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import moto.sqs.models
import pytest
from moto import mock_aws

from scrapectl.local.databases.engine import Place
from scrapectl.local.databases.servers import Servers, advice, installed

HERE = Path(__file__).parent
sys.path[:0] = [str(folder) for folder in (HERE.parent, HERE) if str(folder) not in sys.path]


NAME = "db.example.org"
"""Whom the certificates of the servers name."""


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate of who signs those of the servers, its key beside it."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes the certificates, is not installed")
    return _signed(tmp_path_factory.mktemp("authority") / "ca.crt", "basicConstraints=critical,CA:TRUE")


def _signed(file: Path, extension: str, by: Path | None = None) -> Path:
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    signer = ["-CA", by, "-CAkey", by.with_suffix(".key")] if by else []
    files = ["-out", file, "-keyout", file.with_suffix(".key"), "-addext", extension]
    subprocess.run(["openssl", "req", "-x509", *kind, *signer, *files], check=True, capture_output=True)
    return file


@pytest.fixture(scope="session")
def postgres(authority: Path) -> Iterator[int]:
    """The port of a real PostgreSQL."""
    yield from _server("postgres", authority)


@pytest.fixture(scope="session")
def mysql(authority: Path) -> Iterator[int]:
    """The port of a real MariaDB."""
    yield from _server("mysql", authority)


def _server(engine: str, authority: Path) -> Iterator[int]:
    if not installed(engine):
        pytest.skip(advice(engine))

    def make_certificate(place: Place) -> None:
        made = _signed(place.folder / "server.crt", f"subjectAltName=DNS:{NAME}", authority)
        for file in (made, made.with_suffix(".key")):
            place.give(file)

    servers = Servers(None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Place, "make_certificate", make_certificate)
        port = servers.start(engine, engine, ACCOUNT)
    yield port
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
