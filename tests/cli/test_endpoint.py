"""The embedded cloud served in the foreground: every command works against its address as against AWS."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

COMMAND = [sys.executable, "-c", "import sys; from scrapectl.cli import main; sys.exit(main())"]
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
    words = ["local", "start", "--foreground"]
    with subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:[0-9]+", serving.stdout.readline())
        assert found
        yield found[0]
        serving.send_signal(signal.SIGINT)
        serving.wait(timeout=20)
        assert serving.returncode == 0  # it serves until Ctrl-C


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
