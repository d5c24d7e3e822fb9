"""The embedded cloud served in the foreground: commands work against its address as against AWS, and show no secret.

Canaries stand where secrets do, and everything that comes out is searched.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scrapectl import container_engine
from scrapectl.cli.help import HELP, subcommands
from scrapectl.operate import images
from tests.cli.conftest import leave_alone, served

KEY, TOKEN, SECRET, VARIABLE, OVERRIDE = (f"canary-{word}-7f3a9c" for word in ("key", "token", "secret", "env", "run"))
CANARIES = (KEY, TOKEN, SECRET, VARIABLE, OVERRIDE)
SPEC = """
    version: 1
    pipeline: mine
    region: us-east-1
    images: {scraper: {build: ./scraper}}
    secrets: {shop: {from_env: SHOP_VALUE}, made: {generate: 32}}
    jobs:
      collect:
        image: scraper
        retries: 0
        environment: {API_KEY: "${env.THE_PASSWORD}", ZIP: "1"}
        secrets: {SHOP: shop}
        schedules: {daily: {rate: 1d, environment: {DB_PASSWORD: "${env.THE_PASSWORD}"}}}
"""
AFAR = """
    version: 1
    pipeline: afar
    region: eu-west-1
    images: {scraper: {build: ./scraper}}
    jobs: {collect: {image: scraper, vcpus: 0.25, memory: 512}}
"""
SCRIPT = "import os\nassert os.environ['API_KEY'] and os.environ['SHOP']\nprint('it has both')\n"
LIFE = (
    "validate",
    "graph",
    "plan",
    "plan --calls",
    "plan --markdown",
    "plan --out plan.json",
    "apply --plan plan.json",
    "plan",
    f"run collect --dry-run --env MY_TOKEN={OVERRIDE}",
    f"run collect --follow --env MY_TOKEN={OVERRIDE}",
    "run nothing",
    "logs collect",
    "status",
    "stop --all",
    "load status",
    "load retry collect",
    "share nothing",  # a link itself has the token of whoever signed it: it is what opens the object
    "schedule list",
    "schedule next",
    "schedule pause collect",
    "schedule resume collect",
    "pipelines",
    "pipelines --endpoint-url http://127.0.0.1:9",
    "drift",
    "policy --for apply",
    "images build",
    "images list",
    "images push --force",
    "doctor",
    "completion bash",
    "local status",
    "local mail",
    "destroy --yes",
)
NOT_HERE = {"init", "local start", "local stop", "local reset"}
"""Commands that meet no secret of the user's: they write templates, or start and stop the embedded cloud."""
ALSO_JSON = {
    "plan --calls", "run collect --follow", "logs collect", "status", "schedule list", "drift", "policy --for apply",
    "images list", "doctor", "local status", "local mail",
}  # fmt: skip
MUST_SUCCEED = {"plan", "apply", "status", "destroy", "drift", "logs", "doctor"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Where the embedded cloud keeps what it writes."""
    found = tmp_path_factory.mktemp("served")
    found.chmod(0o700)
    return found


@pytest.fixture(scope="module")
def served_address(folder) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patched, (folder / "served.log").open("w") as log:
        leave_alone(patched)
        patched.setenv("SCRAPECTL_LOCAL_DIR", str(folder))
        with served(log=log) as found:
            yield found


@pytest.fixture
def address(served_address, folder, monkeypatch) -> str:
    """An embedded cloud that is met as AWS is: with the credentials of the environment."""
    monkeypatch.setenv("SCRAPECTL_LOCAL_DIR", str(folder))
    return served_address


@pytest.fixture
def here(address, spec, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    monkeypatch.setenv("SHOP_VALUE", SECRET)
    monkeypatch.setenv("THE_PASSWORD", VARIABLE)
    for module in (container_engine, images):  # nothing is built for real
        monkeypatch.setattr(module, "answering", lambda *_args, **_more: None)
    spec(SPEC, SCRIPT)
    return tmp_path


def found_in(text):
    return [canary for canary in CANARIES if canary in text]


def test_the_whole_life_is_searched():
    begun = {path for line in LIFE for path in HELP if not subcommands(path) and f"{line} ".startswith(f"{path} ")}
    assert begun | NOT_HERE == {path for path in HELP if not subcommands(path)}


def test_no_command_shows_a_secret(here, folder, scrapectl):
    for line in LIFE:
        told = [scrapectl(*line.split(), "-v")]
        if line in ALSO_JSON:
            told.append(scrapectl(*line.split(), "--output", "json"))
        for answer in told:
            assert found_in(answer.out + answer.err) == [], line
            assert answer.code == 0 or line.split()[0] not in MUST_SUCCEED, (line, answer)
        assert "--follow" not in line or "it has both" in told[0].out
    written = [path for root in (here, folder) for path in root.rglob("*") if path.is_file()]
    assert {"plan.json", "served.log"} <= {path.name for path in written}
    assert [path for path in written if found_in(path.read_text(errors="replace"))] == []


def test_a_life_by_address_alone(address, spec, scrapectl, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    spec(AFAR, "print('hello')\n")
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
