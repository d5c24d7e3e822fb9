"""What a terminal gets and a file does not: colour and a picture that moves."""

from __future__ import annotations

import os
import pty
import re
from pathlib import Path

import pytest

from tests.cli.conftest import PATIENCE, started

SPEC = """
    version: 1
    pipeline: tty
    region: us-east-1
    jobs:
      collect:
        image: python:3
        schedules: {morning: {cron: "0 6 * * ? *"}}
"""


def on_a_terminal(*words: str, **environment: str) -> tuple[int, str]:
    """Carry out a command line whose streams are a terminal; its exit code and what it wrote."""
    controller, terminal = pty.openpty()
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), terminal)
    settings = {"TERM": "xterm-256color", "COLUMNS": "200", **environment}
    with started(*words, **streams, env=settings) as process:
        os.close(terminal)
        written = b""
        while chunk := read(controller):
            written += chunk
        process.wait(timeout=PATIENCE)
    os.close(controller)
    return process.returncode, written.decode()


def read(controller: int) -> bytes:
    try:
        return os.read(controller, 65536)
    except OSError:  # the other side has closed
        return b""


@pytest.fixture
def file(spec) -> Path:
    return spec(SPEC)


@pytest.mark.usefixtures("file")
def test_colour_on_a_terminal_unless_it_is_not_wanted():
    code, coloured = on_a_terminal("schedule", "next")
    assert code == 0
    assert "\x1b[1m" in coloured
    for words, environment in ((["--no-color"], {}), ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"})):
        code, plain = on_a_terminal("schedule", "next", *words, **environment)
        assert code == 0
        assert "collect_morning" in plain
        assert not re.search(r"\x1b\[[0-9;]*m", plain), (words, environment)


@pytest.mark.usefixtures("file", "cloud")
def test_apply_on_a_terminal_asks_and_leaves_only_what_was_done():
    code, shown = on_a_terminal("apply", "--yes")
    assert code == 0
    assert "\x1b[32m" in shown
    assert re.search(r"done create batch_job_definition\.tty-collect", shown)
    assert re.search(r"done in [0-9.]+s\.\x1b\[0m$", shown.rstrip())
    assert "\x1b[?25h" in shown or "\x1b[?25l" not in shown  # the cursor is there again
    assert on_a_terminal("destroy", "--yes")[0] == 0


def test_a_file_gets_neither_colour_nor_control_sequences(file, process):
    answer = process("schedule", "next", "-f", file, FORCE_COLOR="1", TERM="xterm-256color")
    assert answer.code == 0
    assert "\x1b" not in answer.out + answer.err
