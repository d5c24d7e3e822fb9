"""How what a client says and how it ended become a job's lines and end, without an engine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scrapectl.local.engine import container
from scrapectl.local.engine.container import OUT_OF_MEMORY, Output
from scrapectl.local.jobs.dockerfile import bases
from scrapectl.local.jobs.process import Ended, LogLine


def run(texts: list[str], ended: Ended, *, ours: bool = False, before: int = 0) -> tuple[list[str], Ended]:
    written: list[str] = []
    output = Output(lambda lines: written.extend(line.text for line in lines))
    for text in texts:
        output([LogLine(1, text)])
    result = output.ended(ended, oom_before=before, ours=ours)
    return written, result


def state(**more: Any) -> tuple[str, ...]:
    return (json.dumps({"StartedAt": "2026-11-21T10:00:00Z", "OOMKilled": False, "Error": ""} | more), "")


NEVER = state(StartedAt="0001-01-01T00:00:00Z")


@pytest.fixture(autouse=True)
def _no_kills(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "oom_kills", lambda: 0)


def test_lines_are_passed_on_and_the_code_is_the_containers():
    assert run(["a", "Error: mine"], Ended(3, afterwards=state())) == (
        ["a", "Error: mine"],
        Ended(3, afterwards=state()),
    )


def test_a_program_may_begin_as_a_client_does():
    assert run(["Error: mine"], Ended(1, afterwards=state()))[0] == ["Error: mine"]
    assert run(["Error: mine", "more"], Ended(1, afterwards=state()))[0] == ["Error: mine", "more"]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (
            ['Error: runc: create failed: exec: "no-such": executable file not found in $PATH: OCI runtime attempted'],
            'exec: "no-such": executable file not found in $PATH',
        ),
        (
            ["docker: Error response from daemon: no space left on device", "See 'docker run --help'."],
            "Error response from daemon: no space left on device",
        ),
    ],
)
def test_what_never_started_has_no_code_and_no_lines(said, why):
    assert run(said, Ended(127, afterwards=NEVER)) == ([], Ended(None, why))


def test_what_never_started_because_it_was_stopped_keeps_its_end():
    assert run([], Ended(143, afterwards=NEVER), ours=True)[1].exit_code == 143
    assert run([], Ended(143, timed_out=True, afterwards=NEVER))[1].timed_out


def test_out_of_memory_is_told_by_the_engine_or_by_the_kernel(monkeypatch):
    assert run([], Ended(137, afterwards=state(OOMKilled=True)))[1].reason == OUT_OF_MEMORY
    assert run([], Ended(137, afterwards=state()))[1].reason == ""
    monkeypatch.setattr(container, "oom_kills", lambda: 8)
    assert run([], Ended(137, afterwards=state()), before=7)[1].reason == OUT_OF_MEMORY
    assert run([], Ended(137, afterwards=state()), before=8)[1].reason == ""
    assert run([], Ended(1, afterwards=state()), before=7)[1].reason == ""
    assert run([], Ended(137, afterwards=state()), before=7, ours=True)[1].reason == ""


def test_an_engine_that_tells_nothing_afterwards_changes_nothing():
    assert run(["a"], Ended(0, afterwards=("", "")))[1].exit_code == 0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FROM python:3.13-slim\n", ["python:3.13-slim"]),
        ("ARG V=3.13\nFROM --platform=$BUILDPLATFORM python:${V}-slim AS build\nFROM build\n", ["python:3.13-slim"]),
        ("FROM a AS one\nFROM b\nCOPY --from=one /x /x\nFROM a\n", ["a", "b"]),
        ("FROM scratch\n", []),
    ],
)
def test_what_an_image_is_built_on(text, found):
    assert bases(text) == found
