"""No command ever shows a secret: canaries stand where secrets do, and everything that comes out is searched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scrapectl import container_engine
from scrapectl.cli.help import HELP, subcommands
from scrapectl.operate import images
from tests.cli.conftest import served

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


@pytest.fixture
def address(tmp_path_factory, monkeypatch):
    """An embedded cloud that is met as AWS is: with the credentials of the environment."""
    folder = tmp_path_factory.mktemp("served")
    folder.chmod(0o700)
    monkeypatch.setenv("SCRAPECTL_LOCAL_DIR", str(folder))
    monkeypatch.setenv("SCRAPECTL_LOCAL_ENGINE", "none")
    with (folder / "served.log").open("w") as log, served(log=log) as found:
        yield found


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


def test_no_command_shows_a_secret(here, scrapectl):
    for line in LIFE:
        told = [scrapectl(*line.split(), "-v")]
        if line in ALSO_JSON:
            told.append(scrapectl(*line.split(), "--output", "json"))
        for answer in told:
            assert found_in(answer.out + answer.err) == [], line
            assert answer.code == 0 or line.split()[0] not in MUST_SUCCEED, (line, answer)
        assert "--follow" not in line or "it has both" in told[0].out
    folders = (here, Path(os.environ["SCRAPECTL_LOCAL_DIR"]))
    written = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert {"plan.json", "served.log"} <= {path.name for path in written}
    assert [path for path in written if found_in(path.read_text(errors="replace"))] == []
