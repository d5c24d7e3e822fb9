"""An embedded cloud for each test of a kind, as strict and as slow as AWS, on a virtual clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scrapectl.aws.session import Session
from scrapectl.local.clock import VirtualClock
from scrapectl.local.cloud import Cloud
from scrapectl.local.inprocess import Recorder, record
from tests.current import session


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    cloud = Cloud(VirtualClock(), delays=True)
    monkeypatch.setattr("botocore.endpoint.time", cloud.clock)  # it sleeps there before it asks again
    yield cloud
    cloud.close()


@pytest.fixture
def aws(cloud: Cloud) -> Session:
    return session(cloud)


@pytest.fixture
def sent(cloud: Cloud) -> Recorder:
    """Every request that reached the cloud."""
    return record(cloud)
