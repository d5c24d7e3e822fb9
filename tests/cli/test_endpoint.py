"""The embedded cloud served in the foreground: every command works against its address as against AWS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.conftest import served

SPEC = """
    version: 1
    pipeline: afar
    region: eu-west-1
    images: {scraper: {build: ./scraper}}
    jobs: {collect: {image: scraper, vcpus: 0.25, memory: 512}}
"""


@pytest.fixture
def address(tmp_path, monkeypatch) -> Iterator[str]:
    folder = tmp_path / "cloud"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("SCRAPECTL_LOCAL_DIR", str(folder))
    with served() as found:
        yield found


def test_a_life_by_address_alone(address, spec, scrapectl, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    spec(SPEC, "print('hello')\n")
    words = ["--endpoint-url", address]
    assert scrapectl(*words, "apply", "--yes").code == 0
    assert scrapectl("run", "collect", "--wait", *words).code == 0
    assert [line["text"] for line in scrapectl("logs", *words, "--output", "json").lines] == ["hello"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    assert scrapectl("plan", "--detailed-exitcode").code == 0
    assert scrapectl("destroy", "--yes").code == 0
    assert scrapectl("pipelines", "--region", "eu-west-1").out == (
        "No pipeline stands in account 123456789012, region eu-west-1.\n"
    )
