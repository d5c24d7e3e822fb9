"""What tests of many parts share: an empty AWS account, and how hypothesis chooses its cases."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.account import Account

# Each full collection takes a second on a heap that holds botocore's models: a tenth as many keep it as small.
gc.set_threshold(10_000, 10, 10)

# Jobs as processes, unless a test says otherwise: results must not depend on what engine this machine has.
os.environ["SCRAPECTL_LOCAL_ENGINE"] = "none"

# Ctrl-C reaches the commands also where the tests were started by what ignores it (nohup, a script's &).
signal.signal(signal.SIGINT, signal.default_int_handler)

# The same cases each time, and no verdict on how fast this machine is just now.
settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("same")


@pytest.fixture
def account() -> Iterator[Account]:
    """The embedded cloud in this process, with the whole way from a spec to its outcomes."""
    found = Account()
    yield found
    found.cloud.close()
