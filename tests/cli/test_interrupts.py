"""Ctrl-C ends what would go on for ever, also when Python drops its KeyboardInterrupt."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import weakref
from types import SimpleNamespace

import pytest

from scrapectl.cli import interrupts, watching
from scrapectl.cli.options import Settings
from scrapectl.cli.reach import Reached
from scrapectl.operate.status import Standing
from tests.cli.conftest import PATIENCE


class File(io.RawIOBase):
    """Drops what is raised while it is deleted, without a word (until Python 3.12)."""

    def close(self):
        if not self.closed:
            super().close()
            signal.raise_signal(signal.SIGINT)


class Thing:
    """Has a finalizer, as urllib3's pools have; what is raised there is told to `sys.unraisablehook`."""

    def __init__(self):
        weakref.finalize(self, signal.raise_signal, signal.SIGINT)


@pytest.fixture
def hearing(monkeypatch):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    interrupts.hear()
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("hearing")
@pytest.mark.parametrize("dropping", [File, Thing])
def test_a_watch_ends_though_the_interrupt_was_dropped(dropping, monkeypatch):
    looks = []

    def look(*_):
        looks.append(dropping())
        assert len(looks) == 1, "it looks again"
        looks[0] = None  # deleted here, and the interrupt with it
        return Standing((), (), ())

    monkeypatch.setattr(watching, "read_status", look)
    with pytest.raises(KeyboardInterrupt):
        watching.watch_status(Settings(output="json"), Reached("shop", SimpleNamespace(local=True), None), None)


@pytest.mark.usefixtures("hearing")
def test_a_background_job_stays_deaf():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interrupts.hear()
    signal.raise_signal(signal.SIGINT)
    interrupts.sleep(0)


PRESSED_AS_ALL_IS_SAID = """
import signal
import sys
from scrapectl import cli

def press_and_hear_no_more(go_on=cli.hear_no_more):
    cli.hear_no_more = go_on
    signal.raise_signal(signal.SIGINT)

cli.hear_no_more = press_and_hear_no_more
sys.argv = ["scrapectl", "--version"]
cli.program()
"""


def test_ctrl_c_as_all_is_said_shows_no_traceback():
    command = [sys.executable, "-c", PRESSED_AS_ALL_IS_SAID]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (ended.returncode, ended.stderr) == (130, "")
    assert ended.stdout.startswith("scrapectl ")
