"""`images build` and `images list`: what is built here, and what stands there."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

SPEC = """version: 1
pipeline: gallery
region: us-east-1
images:
  scraper: {build: ./scraper}
  tools: {build: ./tools, platform: ARM64}
jobs:
  collect: {image: scraper}
  clean: {image: tools, platform: ARM64}
"""
ENGINE = """#!{python} -IS
import json, sys
if sys.argv[1] == "info":
    print("memory=true")
else:
    with open({log!r}, "a") as log:
        log.write(json.dumps(sys.argv[1:]) + chr(10))
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    for name in ("scraper", "tools"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text(f"FROM scratch\n# {name}\n")
    path = tmp_path / "pipeline.yaml"
    path.write_text(SPEC)
    return path


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A podman that only writes down what it was told."""
    folder, log = tmp_path / "bin", tmp_path / "log"
    folder.mkdir()
    (folder / "podman").write_text(ENGINE.format(python=sys.executable, log=str(log)))
    (folder / "podman").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return log


def test_build_tags_as_a_push_does_and_asks_no_aws(scrapectl, spec, built):
    answer = scrapectl("images", "build", "--file", spec, "--output", "json")
    assert answer.code == 0, answer.err
    scraper, tools = answer.json["images"]
    assert scraper["name"] == "scraper"
    assert scraper["image"] == f"gallery-scraper:{scraper['tag']}"
    assert scraper["tag"].startswith("src-")
    assert (scraper["engine"], scraper["platform"], tools["platform"]) == ("podman", "X86_64", "ARM64")
    told = [json.loads(line) for line in built.read_text().splitlines()]
    assert [words[0] for words in told] == ["build", "build"]
    assert [words[words.index("--platform") + 1] for words in told] == ["linux/amd64", "linux/arm64"]


def test_build_of_one_by_its_name_and_for_a_new_base(scrapectl, spec, built):
    answer = scrapectl("images", "build", "tools", "--force")
    assert answer.code == 0, answer.err
    assert answer.out.startswith("tools gallery-tools:src-")
    assert "(built by podman for ARM64, " in answer.out
    assert '"--pull", "--no-cache"' in built.read_text()


def test_build_names_what_there_is_and_what_is_missing(scrapectl, spec, built, monkeypatch, tmp_path):
    answer = scrapectl("images", "build", "scrapper")
    assert answer.code == 64
    assert "It builds: scraper, tools." in answer.err
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    answer = scrapectl("images", "build")
    assert answer.code == 1
    assert "no container engine" in answer.err


def test_list_shows_what_stands_and_who_names_it(scrapectl, spec, cloud):
    assert scrapectl("--local", "images", "list").out == "No images stand.\n"
    assert scrapectl("--local", "apply", "--yes").code == 0
    (spec.parent / "scraper" / "Dockerfile").write_text("FROM scratch\n# another\n")
    assert scrapectl("--local", "images", "push", "scraper").code == 0

    answer = scrapectl("--local", "images", "list", "scraper", "--output", "json")
    # Both were pushed within a second or two, and AWS counts whole seconds: either may come first.
    newest, older = sorted(answer.json["images"], key=lambda image: len(image["job_definitions"]))
    assert newest["job_definitions"] == []
    assert older["job_definitions"] == ["gallery-collect:1"]
    assert all(image["tags"][0].startswith("src-") and image["size"] > 0 for image in (newest, older))
    assert newest["pushed"].endswith("Z")
    assert {image["digest"][:7] for image in (newest, older)} == {"sha256:"}

    told = scrapectl("--local", "images", "list", "--pipeline", "gallery").out.splitlines()
    assert told[0].split() == ["image", "tags", "digest", "pushed", "size", "job", "definitions"]
    assert [line.split()[0] for line in told[1:]] == ["scraper", "scraper", "tools"]
    assert told[-1].endswith("gallery-clean:1")
    answer = scrapectl("--local", "images", "list", "scrapper")
    assert answer.code == 64
    assert "It has: scraper, tools." in answer.err
