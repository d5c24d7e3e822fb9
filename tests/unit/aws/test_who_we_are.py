"""The first call of every command: repeated while AWS is busy, given up at once when it refuses."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from scrapectl.aws.session import _who_we_are


class Sts:
    """Fails with these errors, one after the other, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)

    def get_caller_identity(self):
        if self.errors:
            raise self.errors.pop(0)
        return {"Account": "123456789012"}


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


def answered(code, status):
    answer = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "GetCallerIdentity")


BUSY = [answered("Throttling", 400), answered("InternalFailure", 500)]


def test_a_busy_sts_is_asked_again():
    assert _who_we_are(Sts(*BUSY))["Account"] == "123456789012"
    with pytest.raises(ClientError, match="InternalFailure"):
        _who_we_are(Sts(*BUSY, BUSY[1]))


@pytest.mark.parametrize(
    "error", [answered("ExpiredToken", 403), EndpointConnectionError(endpoint_url="https://sts.amazonaws.com")]
)
def test_a_refusal_and_a_dead_network_are_told_at_once(error):
    sts = Sts(error, BUSY[0])
    with pytest.raises(type(error)):
        _who_we_are(sts)
    assert sts.errors == [BUSY[0]]
