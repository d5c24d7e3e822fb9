"""Help teaches, costs nothing, and says the words of the command line that people rely on."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import click
import pytest

from scrapectl.cli.help import HELP
from scrapectl.cli.root import group

ROOT = group("")
CONTEXT = click.Context(ROOT)
SHARED = "--profile --region --endpoint-url --local --stage --set --output --no-color -v --debug".split()  # noqa: SIM905
WORDS = {
    "init": ["--template"],
    "validate": ["--file", "-f"],
    "plan": ["--detailed-exitcode", "--out", "--markdown", "--calls"],
    "apply": [
        "--yes", "--plan", "--only", "--parallel", "--no-build", "--kill", "--delete-data", "--keep-data", "--takeover",
    ],
    "destroy": ["--yes", "--delete-data", "--keep-data", "--pipeline"],
    "run": [
        "--env", "--env-file", "--array", "--share", "--vcpus", "--memory", "--command", "--wait", "--follow",
        "--dry-run", "--pipeline",
    ],
    "logs": ["--follow", "--since", "--filter", "--last", "--all", "--pipeline"],
    "status": ["--watch", "--pipeline"],
    "stop": ["--all", "--pipeline"],
    "graph": ["--workflow", "--file", "-f"],
    "pipelines": [],
    "completion": [],
    "doctor": ["--file"],
    "drift": ["--detailed-exitcode", "--file"],
    "load status": ["--last", "--pipeline"],
    "load retry": ["--wait", "--follow", "--pipeline"],
    "schedule list": ["--pipeline"],
    "schedule next": ["-n", "--pipeline"],
    "schedule pause": ["--pipeline"],
    "schedule resume": ["--pipeline"],
    "share": ["--expires", "--email", "--sender", "--pipeline"],
    "policy": ["--for", "--out", "--file", "-f"],
    "images build": ["--force", "--file"],
    "images list": ["--file", "--pipeline"],
    "images push": ["--force"],
    "local start": ["--foreground", "--port", "--policy"],
    "local stop": [],
    "local status": [],
    "local mail": [],
    "local reset": [],
}  # fmt: skip


def find(path: str) -> click.Command:
    found: click.Command = ROOT
    for name in path.split():
        assert isinstance(found, click.Group)
        inner = found.get_command(CONTEXT, name)
        assert inner is not None
        found = inner
    return found


def test_every_command_that_was_promised_is_there_and_no_other():
    groups = {path.split()[0] for path in HELP if " " in path}
    assert set(HELP) == set(WORDS) | groups


@pytest.mark.parametrize("path", HELP)
def test_help_has_a_line_and_an_example(path, scrapectl):
    answer = scrapectl(*path.split(), "--help")
    assert answer.code == 0
    assert HELP[path].summary in answer.out.replace("\n ", "")
    assert "Examples:\n  scrapectl " in answer.out
    assert not [line for line in answer.out.splitlines() if len(line) > 110]


@pytest.mark.parametrize("path", WORDS)
def test_the_promised_words_are_taken(path):
    taken = {word for param in find(path).params for word in (*param.opts, *param.secondary_opts)}
    assert not set(WORDS[path] + SHARED) - taken


@pytest.mark.parametrize("path", HELP)
def test_examples_use_words_that_exist(path):
    for example in HELP[path].examples:
        words = shlex.split(example)
        assert words[0] == "scrapectl"
        rest = [word for word in words[1:] if word != "--local"]
        name = " ".join(rest[:2]) if " ".join(rest[:2]) in HELP else rest[0]
        assert name == path or path in {"schedule", "images", "local", "load"}
        taken = {word for param in find(name).params for word in param.opts}
        assert not {word for word in words if re.match("--?[a-z]", word)} - taken


@pytest.mark.parametrize("path", WORDS)
def test_every_option_says_what_it_does(path):
    for param in find(path).params:
        if isinstance(param, click.Option):
            assert param.help, f"{path} {param.opts}"


def test_the_version(scrapectl):
    assert re.fullmatch(r"scrapectl [0-9]+\.[0-9]+\.[0-9]+\n", scrapectl("--version").out)


HEAVY = ("boto3", "botocore", "moto", "rich", "jsonschema", "yaml", "werkzeug")


def imported(*words: str) -> set[str]:
    """The heavy packages that a command line imports."""
    code = "import sys; from scrapectl.cli import main; main(); print('!', *{n.split('.')[0] for n in sys.modules})"
    ended = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    return {name for name in ended.stdout.rpartition("!")[2].split() if name in HEAVY}


@pytest.mark.parametrize("words", [["--help"], ["plan", "--help"], ["run", "--help"], ["status", "-h"], ["bogus"]])
def test_help_imports_nothing_heavy(words):
    assert imported(*words) == set()


def test_validate_imports_no_aws_library_and_no_rich(spec):
    path = spec("version: 1\npipeline: shop\njobs: {collect: {image: python:3}}\n")
    assert imported("validate", str(path)) <= {"yaml", "jsonschema"}
    path.write_text("version: 1\npipeline: shop\njobs: {collect: {imge: python:3}}\n")
    assert imported("validate", str(path)) <= {"yaml"}


def test_schedule_next_works_without_an_aws_library(spec):
    path = spec(
        """
        version: 1
        pipeline: shop
        jobs: {collect: {image: python:3, schedules: {morning: {cron: "0 6 * * ? *"}}}}
        """
    )
    assert imported("schedule", "next", "-f", str(path), "--output", "json") <= {"yaml"}
