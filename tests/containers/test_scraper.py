"""The scraper base and the quickstart, built for real, and run in containers against a site on loopback."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from examples.serve_site import Website, serving
from tests.containers.stage import Stage

ROOT = Path(__file__).parents[2]
QUICKSTART = ROOT / "examples" / "quickstart"
SCRAPER = """
import os, sys
import boto3
from scraper_base import JsonLines, Run, Web, main


def collect(run):
    web = Web(os.environ["SITE"], "tester", run=run, pause=0)
    with JsonLines(boto3.client("s3"), os.environ["BUCKET"], f"items/{run.name}.jsonl.gz") as lines:
        for page in web.walk("/", 3):
            lines.write({"url": page.url, "title": page.title, "user": os.getuid()})
    print("done:", lines.count)


sys.exit(main({"collect": collect}))
"""
READ_ONLY = {
    "readonlyRootFilesystem": True,
    "volumes": [{"name": "tmp"}],
    "mountPoints": [{"sourceVolume": "tmp", "containerPath": "/tmp"}],  # noqa: S108 - in the container
}


@pytest.fixture
def site() -> Iterator[Website]:
    with serving(QUICKSTART / "site", flaky=["/catalogue/page-2.html"]) as website:
        yield website


def test_a_scrape_on_the_base_image_with_a_root_that_takes_no_writes(
    stage: Stage, site: Website, with_podman: Any
) -> None:
    with_podman("build", "--network", "host", "--tag", "localhost/scraper-base", str(ROOT / "containers" / "scraper"))
    stage.call("s3", "CreateBucket", Bucket="raw")
    stage.push(
        "collect",
        {
            "Dockerfile": 'FROM localhost/scraper-base\nCOPY collect.py .\nENTRYPOINT ["python", "collect.py"]\n',
            "collect.py": SCRAPER,
        },
    )
    stage.define(jobRoleArn=stage.task_role("s3:PutObject"), **READ_ONLY)
    environment = [{"name": "SITE", "value": site.address}, {"name": "BUCKET", "value": "raw"}]
    job = stage.run(["collect"], environment=environment)
    assert stage.seen(job)["attempts"][-1]["lines"][-1:] == ["done: 3"]
    cloud = stage.cloud
    keys = {"aws_access_key_id": cloud.access_key, "aws_secret_access_key": cloud.secret_key}
    s3 = boto3.client("s3", "us-east-1", endpoint_url=cloud.endpoint, **keys)
    body = s3.get_object(Bucket="raw", Key=f"items/{job['jobId']}.jsonl.gz")["Body"]
    rows = [json.loads(row) for row in gzip.decompress(body.read()).splitlines()]
    assert [row["user"] for row in rows] == [65534] * 3
    assert rows[0]["url"] == f"{site.address}/"


@pytest.fixture
def scrapectl(tmp_path: Path, with_podman: Any) -> Iterator[Callable[..., str]]:
    """The command line, and an embedded cloud of its own that runs jobs in podman."""
    kept = {name: value for name, value in with_podman.environment.items() if not name.startswith("AWS_")}
    own = {"SCRAPECTL_LOCAL_DIR": str(tmp_path / "local"), "SCRAPECTL_LOCAL": "1", "SCRAPECTL_LOCAL_ENGINE": "podman"}

    def run(*words: str) -> str:
        ended = subprocess.run(
            [sys.executable, "-m", "scrapectl", *words],
            cwd=tmp_path / "quickstart",
            env={**kept, **own, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    yield run
    run("local", "stop")


def test_the_quickstart_runs_in_containers(
    scrapectl: Callable[..., str], site: Website, tmp_path: Path, with_podman: Any
) -> None:
    ignored = shutil.ignore_patterns("__pycache__", ".*_cache", "site", "tests")
    shutil.copytree(QUICKSTART, tmp_path / "quickstart", ignore=ignored)
    scrapectl("apply", "--yes", "--set", f"vars.site={site.address}")
    assert "Jobs run in containers, by podman." in scrapectl("local", "status")
    assert "done: 12 items" in scrapectl("run", "collect", "--follow")
    assert "done: 4 items" in scrapectl("run", "details", "--follow")
    (image, *_) = json.loads(scrapectl("images", "list", "--output", "json"))["images"]
    assert image["job_definitions"] == ["quickstart-collect:1", "quickstart-details:1"]
    scrapectl("destroy", "--yes", "--delete-data")
    assert with_podman.containers() == []
