"""Shells complete commands, options and the spec's own names, fast and without a word of error."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = """
    version: 1
    pipeline: shop
    images: {scraper: {build: ./scraper}}
    buckets: {raw: {}}
    jobs:
      collect: {image: scraper, schedules: {morning: {rate: 1d}, evening: {rate: 1d}}}
      count: {image: scraper}
      scrape: {image: scraper}
    functions: {publish: {code: ./publish, handler: app.handler, schedules: {often: {rate: 1d}}}}
    workflows: {process: {steps: [{run: collect}]}}
"""


@pytest.fixture
def ask(scrapectl, monkeypatch):
    """What a shell is offered for a line, the last word of which is not complete."""

    def offered(line, shell="bash"):
        words = shlex.split(line)
        incomplete = "" if line.endswith(" ") else words.pop()
        monkeypatch.setenv("_SCRAPECTL_COMPLETE", f"{shell}_complete")
        monkeypatch.setenv("COMP_WORDS", shlex.join([*words, incomplete]) if shell != "fish" else shlex.join(words))
        monkeypatch.setenv("COMP_CWORD", incomplete if shell == "fish" else str(len(words)))
        answer = scrapectl()
        assert (answer.code, answer.err) == (0, "")
        return answer.out.splitlines()

    return offered


@pytest.mark.parametrize(
    ("line", "offers"),
    [
        ("scrapectl sch", ["plain,schedule"]),
        ("scrapectl schedule pa", ["plain,pause"]),
        ("scrapectl plan --ca", ["plain,--calls"]),
        ("scrapectl --loc", ["plain,--local"]),
        ("scrapectl status --output j", ["plain,json"]),
        ("scrapectl run co", ["plain,collect", "plain,count"]),
        ("scrapectl --local logs --follow s", ["plain,scrape"]),
        ("scrapectl schedule pause collect ", ["plain,morning", "plain,evening"]),
        ("scrapectl schedule pause count ", []),
        ("scrapectl run p", ["plain,publish", "plain,process"]),
        ("scrapectl schedule next pu", ["plain,publish"]),
        ("scrapectl schedule pause publish ", ["plain,often"]),
        ("scrapectl stop p", ["plain,process"]),
        ("scrapectl graph --workflow p", ["plain,process"]),
        ("scrapectl images push ", ["plain,scraper"]),
        ("scrapectl apply --only b", ["plain,buckets.raw"]),
        ("scrapectl stop --pipeline other ", []),
        ("scrapectl destroy --pipeline ", []),
        ("scrapectl validate pi", ["file,pi"]),
        ("scrapectl bogus ", []),
    ],
)
def test_what_is_offered(line, offers, ask, spec):
    spec(SPEC)
    assert ask(line) == offers


def test_every_command_is_offered_with_its_line(ask):
    offers = ask("scrapectl ", "zsh")
    assert offers[:3] == ["plain", "init", "Write a runnable spec with a scraper and its Dockerfile."]
    assert "plan\tShow what apply would change; changes nothing." in "\n".join(ask("scrapectl ", "fish"))


@pytest.mark.parametrize("text", [None, "jobs: [", "- no map", "jobs: 7"])
def test_without_a_readable_spec_nothing_is_offered(text, ask, spec):
    if text is not None:
        spec(text)
    assert ask("scrapectl run ") == []


def test_the_specs_file_is_the_one_that_the_line_names(ask, spec, monkeypatch):
    spec(SPEC, name="other.yaml")
    assert ask("scrapectl run -f other.yaml sc") == ["plain,scrape"]
    monkeypatch.setenv("SCRAPECTL_SPEC", "other.yaml")
    assert ask("scrapectl status sc") == ["plain,scrape"]


@pytest.mark.parametrize("line", ["scrapectl ru", "scrapectl run c", "scrapectl schedule "])
def test_completion_imports_no_aws_library(line, spec):
    spec(SPEC)
    code = "import sys; from scrapectl.cli import main; main(); print('!', *sys.modules)"
    words = line.split(" ")
    asked = {"_SCRAPECTL_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    ended = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **asked}, capture_output=True, text=True, check=True
    )
    modules = {name.partition(".")[0] for name in ended.stdout.rpartition("!")[2].split()}
    assert not modules & {"boto3", "botocore", "moto", "rich", "jsonschema"}
    assert ended.stdout.startswith("plain,")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_source_is_clicks_own(shell, scrapectl):
    answer = scrapectl("completion", shell)
    assert answer.code == 0
    assert "_scrapectl_completion" in answer.out
    assert f"_SCRAPECTL_COMPLETE={shell}_complete" in answer.out
    assert scrapectl("completion", "tcsh").code == 64


def test_bash_itself_completes(spec, tmp_path):
    spec(SPEC)
    program = tmp_path / "bin" / "scrapectl"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nfrom scrapectl.cli import program\nprogram()\n")
    program.chmod(0o755)
    script = """
        source <(scrapectl completion bash)
        complete -p scrapectl
        COMP_WORDS=(scrapectl run co) COMP_CWORD=2
        _scrapectl_completion scrapectl
        echo "${COMPREPLY[@]}"
    """
    environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        ["bash", "--norc", "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert ended.stderr == ""
    registered, offered = ended.stdout.splitlines()
    assert "_scrapectl_completion scrapectl" in registered
    assert offered == "collect count"
