"""What tests of many parts share: an empty AWS account."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.account import Account


@pytest.fixture
def account() -> Iterator[Account]:
    """The embedded cloud in this process, with the whole way from a spec to its outcomes."""
    found = Account()
    yield found
    found.cloud.close()
