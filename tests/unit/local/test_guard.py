"""Nobody but this user's own programs gets past the guard."""

from __future__ import annotations

import pytest

from scrapectl.local.guard import Guard
from scrapectl.local.wire import HttpRequest, scope_of

GUARD = Guard(4000, "AKIAOURS")
SIGNED = "AWS4-HMAC-SHA256 Credential=AKIAOURS/20260302/us-east-1/batch/aws4_request, SignedHeaders=host, Signature=x"


def _request(path="/", method="GET", **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpRequest(method, f"http://127.0.0.1:4000{path}", {"Host": "127.0.0.1:4000"} | names, b"")


@pytest.mark.parametrize("host", ["127.0.0.1:4000", "localhost:4000", "LOCALHOST:4000", "[::1]:4000"])
def test_our_own_host_names_pass(host):
    assert GUARD.problem(_request(Host=host)) is None


@pytest.mark.parametrize(
    "host", ["evil.example:4000", "127.0.0.1:4001", "127.0.0.1", "", "127.0.0.1:4000.evil.example"]
)
def test_other_hosts_do_not(host):
    assert GUARD.problem(_request(Host=host)) == "this Host is not served here"


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "none"}]
)
def test_pages_do_not(headers):
    assert "browser" in GUARD.problem(_request(**headers))


def test_preflights_and_motos_own_doors_are_closed():
    assert GUARD.problem(_request(method="OPTIONS")) is not None
    assert GUARD.problem(_request("/moto-api/reset", method="POST")) == "closed"


def test_the_key_is_read_from_header_and_links():
    assert GUARD.signed(_request(Authorization=SIGNED))
    assert GUARD.signed(_request("/b/k?X-Amz-Credential=AKIAOURS%2F20260302%2Fus-east-1%2Fs3%2Faws4_request"))
    assert GUARD.signed(_request("/b/k?AWSAccessKeyId=AKIAOURS&Signature=x&Expires=1"))


@pytest.mark.parametrize("header", [SIGNED.replace("OURS", "THEIRS"), "", "Basic x"])
def test_other_keys_are_not_ours(header):
    assert not GUARD.signed(_request(Authorization=header))


def test_our_own_client_and_links_carry_the_key():
    assert GUARD.knows(_request("/-/status", x_scrapectl_key="AKIAOURS"))
    assert GUARD.knows(_request("/-/layer/r/n/d?key=AKIAOURS"))
    assert not GUARD.knows(_request("/-/status"))


def test_an_open_guard_takes_any_key():
    assert Guard(4000, None).signed(_request(Authorization=SIGNED.replace("OURS", "THEIRS")))


@pytest.mark.parametrize(
    ("signing", "path", "service"),
    [
        ("tagging", "/", "resourcegroupstaggingapi"),
        ("states", "/", "stepfunctions"),
        ("ses", "/v2/email/identities", "sesv2"),
        ("ses", "/", "ses"),
        ("scheduler", "/schedules", "scheduler"),
    ],
)
def test_the_service_is_read_from_the_signature(signing, path, service):
    scope = scope_of(_request(path, Authorization=SIGNED.replace("/batch/", f"/{signing}/")))
    assert (scope.access_key, scope.region, scope.service) == ("AKIAOURS", "us-east-1", service)
