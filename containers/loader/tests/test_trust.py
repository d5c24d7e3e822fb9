"""Who is let in as a database: the server of that name, whom Amazon's authorities vouch for; real servers answer."""

import io
import json
import re
import socket
import ssl
import urllib.request
from datetime import UTC, datetime, timedelta

import psycopg
import pymysql
import pytest
from loader import document as documents
from loader import trust
from loader.problems import LoadFailed
from loader.targets import target_of
from loader.targets.postgres_account import connection
from loader_scene import Scene

NAME, STRANGER = "db.example.org", "db.example.com"


@pytest.fixture
def ours(monkeypatch, authority):
    """Take the authority that signed the servers' certificates for Amazon's."""
    monkeypatch.setattr(trust, "SHIPPED", authority)


@pytest.fixture
def elsewhere(monkeypatch, scene, postgres):
    """Give a target on another machine, which is this one by another name."""
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    real = socket.create_connection
    monkeypatch.setattr(socket, "create_connection", lambda where, *more: real(("127.0.0.1", where[1]), *more))
    return lambda host, **more: _target(scene, host, **more)


def _target(scene: Scene, host, **more):
    told = json.loads(scene.text(format={"type": "json"}))
    told["target"] |= {"host": host, **more}
    document = documents.read(json.dumps(told))
    return target_of(document, scene.client)


def test_postgresql_by_its_name_and_amazons_word(elsewhere, ours):
    target = elsewhere(NAME)
    target.prepare()
    assert target.known([]) == []
    target.close()


def test_postgresql_by_another_name_is_refused(elsewhere, ours):
    with pytest.raises(psycopg.OperationalError, match=f'"{NAME}" .*does not match host name "{STRANGER}"'):
        elsewhere(STRANGER).prepare()


def test_postgresql_that_amazon_does_not_vouch_for_is_refused(elsewhere):
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        elsewhere(NAME).prepare()


def test_mysql_by_its_name_and_amazons_word(elsewhere, ours, mysql):
    target = elsewhere(NAME, engine="mysql", port=mysql, schema="public")
    with pytest.raises(pymysql.err.ProgrammingError, match="scrapectl_ledger' doesn't exist"):
        target.known(["let in, and asked"])
    target.close()


@pytest.mark.parametrize(("host", "why"), [(STRANGER, "Hostname mismatch"), (NAME, "unable to get local issuer")])
def test_mysql_that_is_another_is_refused(elsewhere, request, mysql, host, why):
    if host == STRANGER:
        request.getfixturevalue("ours")
    with pytest.raises(pymysql.err.OperationalError, match=why):
        elsewhere(host, engine="mysql", port=mysql, schema="public").prepare()


def test_the_embedded_clouds_databases_are_on_this_machine(scene):
    assert connection(scene.document().target, scene.client)["sslmode"] == "prefer"
    assert trust.authorities("127.0.0.1") is None
    assert [trust.authorities(host) for host in ("localhost", "127.0.0.2", "::1")] == [trust.SHIPPED] * 3


def test_what_is_shipped_is_amazons_and_lasts():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(trust.SHIPPED)
    known = context.get_ca_certs()
    assert len(known) == trust.SHIPPED.read_text().count("BEGIN CERTIFICATE")
    for one in known:
        assert one["issuer"] == one["subject"]
        assert re.match(r"Amazon RDS .* Root CA (RSA2048|RSA4096|ECC384) G1$", dict(one["subject"][-2])["commonName"])
        ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(one["notAfter"]), UTC)
        assert ends > datetime.now(UTC) + timedelta(days=3650)


def test_authorities_of_a_newer_region_are_fetched_from_amazon(monkeypatch):
    asked = []
    monkeypatch.setattr(urllib.request, "urlopen", lambda url, **_: asked.append(url) or io.BytesIO(b"a bundle"))
    found = trust.authorities("results.c1.xx-new-9.rds.amazonaws.com")
    assert found.read_bytes() == b"a bundle"
    found.unlink()
    assert asked == ["https://truststore.pki.rds.amazonaws.com/xx-new-9/xx-new-9-bundle.pem"]
    for region in ("us-east-1", "eu-central-1", "ap-southeast-2"):
        assert trust.authorities(f"results.c1.{region}.rds.amazonaws.com") == trust.SHIPPED


def test_without_them_nothing_is_loaded(monkeypatch):
    def no_way(url, **_):
        raise TimeoutError("timed out")

    monkeypatch.setattr(urllib.request, "urlopen", no_way)
    with pytest.raises(LoadFailed, match=r"xx-new-8-bundle\.pem cannot be fetched \(timed out\)"):
        trust.authorities("results.c1.xx-new-8.rds.amazonaws.com")
