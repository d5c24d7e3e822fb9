"""The embedded cloud in the foreground: for any AWS client, in a folder of its own that goes with it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys

import pytest
from boto3.session import Session

from scrapectl.errors import EnvironmentProblem
from scrapectl.local import client

SERVE = "import scrapectl.local.client as c;c.serve_foreground(0, lambda endpoint: print(endpoint.url, flush=True))"


@pytest.fixture
def foreground(folder):
    """A function that starts one and returns its process and its address."""
    started = []

    def start():
        process = subprocess.Popen([sys.executable, "-c", SERVE], stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def test_it_takes_any_key_and_ends_on_ctrl_c(foreground):
    process, url = foreground()
    sts = Session("anyone", "anything", region_name="us-east-1").client("sts", endpoint_url=url)
    assert sts.get_caller_identity()["Account"] == "123456789012"
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0


def test_a_port_that_is_taken_is_one_line(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EnvironmentProblem, match="cannot be served"):
            client.serve_foreground(port)


def test_what_a_killed_one_left_goes_with_the_next(folder, foreground):
    (kept, _), (killed, _) = foreground(), foreground()
    killed.kill()
    killed.wait()
    assert len(list(folder.glob("foreground-*"))) == 2
    following, _ = foreground()
    assert len(list(folder.glob("foreground-*"))) == 2
    for process in (kept, following):
        process.send_signal(signal.SIGINT)
        process.wait(30)
    assert list(folder.glob("foreground-*")) == []
