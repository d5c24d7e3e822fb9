"""A real build and push by podman, with Debian's registry on loopback in ECR's place."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scrapectl.operate.images import find_engine, push_image
from tests.containers.conftest import BASE, Podman
from tests.containers.stage import make_stage

MANIFESTS = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"


@dataclass
class Registry:
    """What push_image needs of AWS, answered for a registry that is no ECR."""

    address: str
    local: bool = False

    def call(self, service: str, operation: str, /, **params: Any) -> Any:
        assert service == "ecr"
        if operation == "get_authorization_token":
            token = base64.b64encode(b"AWS:not-a-secret").decode()
            return {"authorizationData": [{"authorizationToken": token}]}
        assert operation == "describe_images"
        (image,) = params["imageIds"]
        return {"imageDetails": [{"imageDigest": self.digest(params["repositoryName"], image["imageTag"])}]}

    def digest(self, repository: str, tag: str) -> str:
        url = f"http://{self.address}/v2/{repository}/manifests/{tag}"
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": MANIFESTS})) as answer:
            return str(answer.headers["Docker-Content-Digest"])


@pytest.fixture
def registry(tmp_path: Path, with_podman: Podman, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("docker-registry not installed (.ci/run does, on Debian)")
    settings = tmp_path / "registry.yml"
    stored = f"storage: {{filesystem: {{rootdirectory: {tmp_path / 'registry'}}}}}"
    settings.write_text(f'version: 0.1\n{stored}\nhttp: {{addr: "127.0.0.1:0"}}\n')
    serving = subprocess.Popen([program, "serve", str(settings)], stderr=subprocess.PIPE, text=True)
    assert serving.stderr is not None
    address = next(found[1] for line in serving.stderr if (found := re.search(r"listening on (127\S+:\d+)", line)))
    trusted = tmp_path / "registries.conf"
    trusted.write_text(f'[[registry]]\nlocation = "{address}"\ninsecure = true\n')
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(trusted))
    logins = tmp_path / "auth.json"
    logins.write_text("{}")
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(logins))
    assert with_podman.folder
    yield Registry(address)
    serving.kill()
    serving.communicate()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "scraper"
    made.mkdir()
    (made / "hello.txt").write_text("hello\n")
    return made


@pytest.fixture(autouse=True)
def _podman_answers(with_podman: Podman) -> None:
    if find_engine() != "podman":
        pytest.skip("docker answers here, and comes first")


def test_what_was_pushed_is_what_runs_by_its_digest(registry: Registry, folder: Path, tmp_path: Path) -> None:
    (folder / "Dockerfile").write_text('FROM python:3.13-slim\nCOPY hello.txt .\nCMD ["cat", "hello.txt"]\n')
    digest = push_image(registry, f"{registry.address}/shop", folder, "src-1")
    assert digest == registry.digest("shop", "src-1")

    stage = make_stage(tmp_path / "cloud")
    stage.define(image=f"{registry.address}/shop@{digest}")
    seen = stage.seen(stage.run())
    stage.cloud.close()
    assert (seen["status"], seen["attempts"][0]["lines"]) == ("SUCCEEDED", ["hello"])


def test_a_new_base_is_built_on_when_asked_for(registry: Registry, folder: Path, with_podman: Podman) -> None:
    base = f"{registry.address}/base:1"
    with_podman("tag", BASE, base)
    with_podman("push", base)
    (folder / "Dockerfile").write_text(f"FROM {base}\nCOPY hello.txt .\n")
    first = push_image(registry, f"{registry.address}/shop", folder, "src-1")

    newer = folder.parent / "newer"
    newer.mkdir()
    (newer / "Dockerfile").write_text(f"FROM {BASE}\nENV NEW=1\n")
    with_podman("build", "--tag", f"{registry.address}/base:2", str(newer))
    with_podman("push", f"{registry.address}/base:2", f"docker://{base}")

    again = push_image(registry, f"{registry.address}/shop", folder, "src-1", anew=True)
    assert again == registry.digest("shop", "src-1") != first
    built = with_podman("image", "inspect", "--format", "{{.Config.Env}}", f"{registry.address}/shop:src-1")
    assert "NEW=1" in built
