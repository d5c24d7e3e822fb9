"""The README's shell block runs as it stands, on the embedded cloud; only the site to read is one on loopback."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import share_environments

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "examples"))


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def environment(tmp_path, tmp_path_factory):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SCRAPECTL_"))}
    cloud = tmp_path_factory.mktemp("cloud")
    share_environments(cloud, tmp_path_factory)
    alone = {"SCRAPECTL_LOCAL_DIR": str(cloud), "SCRAPECTL_LOCAL_ENGINE": "none", "NO_COLOR": "1"}
    found = {**kept, **alone, "PATH": path}
    yield found
    subprocess.run(["scrapectl", "local", "stop"], env=found, cwd=tmp_path, check=False, capture_output=True)


def test_the_readmes_commands_run(tmp_path, environment):
    from serve_site import serving  # noqa: PLC0415 - of the examples

    (block,) = blocks("README.md", "sh")
    with serving(ROOT / "examples" / "quickstart" / "site") as site:
        here = f"sed -i.bak 's#https://example.com/#{site.address}/#' pipeline.yaml"
        script = "set -euo pipefail\n" + block.replace("cd shop\n", f"cd shop\n{here}\n")
        ended = subprocess.run(["bash", "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True)  # noqa: PLW1510 - the assertion shows what it printed
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "SUCCEEDED" in ended.stdout + ended.stderr
    assert "/robots.txt" in site.requests


@pytest.mark.parametrize("page", ["README.md", "docs/guide.md"])
def test_the_specs_in_the_docs_are_valid(page, tmp_path):
    from scrapectl.spec import check_text  # noqa: PLC0415 - after the path is set

    found = [block for block in blocks(page, "yaml") if "pipeline:" in block]
    assert found
    for block in found:
        spec = check_text(block, folder=tmp_path)
        assert spec.jobs


def test_every_link_leads_somewhere():
    for page in [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "examples/README.md",
    ]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"
