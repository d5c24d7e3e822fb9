"""Processes of jobs: exit codes, ends, lines, environment, and that nothing is left over."""

import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scrapectl.local.jobs.process import LONGEST_LINE, Command, Ended, LogLine, Process, base_environment, read_lines

ROOT = Path(__file__).parents[3]


def start(tmp_path, *argv: str, environment=None, timeout=None, grace=5.0):
    lines: list[LogLine] = []
    variables = base_environment() | (environment or {})
    command = Command(argv, variables, tmp_path, timeout, grace)
    return Process(command, lines.extend, lambda _: None), lines


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def wait_for(condition, seconds=3.0):
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)
    return found


@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 0", 0), ("exit 3", 3), ("exit 255", 255), ("kill -9 $$", 137), ("kill -TERM $$", 143)],
)
def test_exit_codes_are_those_of_a_container(tmp_path, script, code):
    process, _ = start(tmp_path, "sh", "-c", script)
    assert process.wait(5) == Ended(code)


def test_a_program_that_is_not_there_has_a_reason_and_no_exit_code(tmp_path):
    process, _ = start(tmp_path, "no-such-program")
    assert process.wait(5) == Ended(None, 'exec: "no-such-program": executable file not found in $PATH')


def test_output_and_errors_are_one_stream_in_order(tmp_path):
    process, lines = start(tmp_path, "sh", "-c", "echo one; echo two >&2; printf three")
    process.wait(5)
    assert [line.text for line in lines] == ["one", "two", "three"]
    assert abs(lines[0].at - time.time() * 1000) < 5000


def test_lines_arrive_while_the_command_runs(tmp_path):
    process, lines = start(tmp_path, "sh", "-c", "echo early; sleep 30")
    wait_for(lambda: lines)
    assert [line.text for line in lines] == ["early"]
    process.kill()
    assert process.wait(5).exit_code == 137


def test_five_thousand_lines_are_whole_and_in_order(tmp_path):
    code = "import sys\nfor i in range(5000): print(i, file=(sys.stdout, sys.stderr)[i % 2], flush=True)"
    process, lines = start(tmp_path, sys.executable, "-c", code)
    process.wait(20)
    assert [line.text for line in lines] == [str(i) for i in range(5000)]
    assert all(earlier.at <= later.at for earlier, later in itertools.pairwise(lines))


def test_the_environment_is_what_was_given_and_no_more(tmp_path, monkeypatch):
    monkeypatch.setenv("SERVER_ONLY", "1")
    process, lines = start(tmp_path, "env", environment={"ZIP": "48109", "EMPTY": ""})
    process.wait(5)
    got = dict(line.text.split("=", 1) for line in lines)
    assert got["ZIP"] == "48109"
    assert got["EMPTY"] == ""
    assert got["TZ"] == "UTC"
    assert "SERVER_ONLY" not in got


def test_neither_command_nor_secrets_stand_in_the_minders_command_line_or_environment(tmp_path):
    process, lines = start(tmp_path, "sh", "-c", "echo $PPID; sleep 30 # words", environment={"KEY": "hunter2hunter2"})
    minder = Path("/proc") / wait_for(lambda: lines)[0].text
    told = (minder / "cmdline").read_bytes() + (minder / "environ").read_bytes()
    assert b"minder.py" in told
    assert b"hunter2" not in told
    assert b"words" not in told
    process.kill()
    process.wait(5)


@pytest.mark.parametrize("script", ["cat", "head -c 10; exec 0<&-; sleep 0.2"])
def test_a_text_is_read_from_standard_input_whole_or_in_part(tmp_path, script):
    text, lines = "0123456789\n" * 20_000, []
    command = Command(("sh", "-c", script), base_environment(), tmp_path, reads=text)
    assert Process(command, lines.extend, lambda _: None).wait(10) == Ended(0)
    assert len(lines) in {1, 20_000}
    assert lines[-1].text == "0123456789"


def test_terminate_asks_first(tmp_path):
    process, lines = start(tmp_path, "sh", "-c", "trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.05; done")
    wait_for(lambda: lines)
    process.terminate()
    assert process.wait(5) == Ended(7)
    assert lines[-1].text == "bye"


def test_who_does_not_listen_to_terminate_is_killed_after_the_grace(tmp_path):
    process, lines = start(tmp_path, "sh", "-c", "trap '' TERM; echo up; sleep 30; sleep 30", grace=0.1)
    wait_for(lambda: lines)
    process.terminate()
    assert process.wait(5) == Ended(137)


def test_a_timeout_is_told_apart_from_other_ends(tmp_path):
    process, _ = start(tmp_path, "sleep", "30", timeout=0.1)
    assert process.wait(5) == Ended(143, timed_out=True)


def test_the_whole_group_ends_with_its_first_process(tmp_path):
    process, lines = start(tmp_path, "sh", "-c", "sleep 60 & echo $!; setsid sleep 61 & echo $!; sleep 0.1")
    assert process.wait(5) == Ended(0)
    assert not any(alive(int(line.text)) for line in lines)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="only procfs tells a zombie")
def test_an_orphan_that_ended_is_buried_while_the_command_goes_on(tmp_path):
    """What waits for it to be gone, as podman does for its conmon, sees that it is."""
    script = (
        "orphan=$(sh -c 'sleep 0.05 >/dev/null & echo $!'); while test -e /proc/$orphan; do sleep 0.02; done; echo gone"
    )
    process, lines = start(tmp_path, "sh", "-c", script, timeout=3)
    assert process.wait(5) == Ended(0)
    assert [line.text for line in lines] == ["gone"]


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="only procfs tells a zombie")
def test_an_orphan_that_ends_after_the_command_is_buried_too(tmp_path):
    """What removes a killed container waits for its conmon to be gone."""
    started = ("sh", "-c", "setsid sleep 0.3 >/dev/null 2>&1 & echo $! > orphan")
    removed = ("sh", "-c", f"while test -e /proc/$(cat {tmp_path}/orphan); do sleep 0.02; done; echo gone")
    command = Command(
        started, base_environment(), tmp_path, afterwards=(removed, ("sh", "-c", "exit 3"), ("none-such",))
    )
    assert Process(command, print, print).wait(5) == Ended(0, afterwards=("gone\n", "", ""))


def test_a_killed_minder_takes_the_command_with_it(tmp_path):
    process, lines = start(tmp_path, "sh", "-c", "echo $PPID $$; exec sleep 60")
    minder, job = (int(word) for word in wait_for(lambda: lines)[0].text.split())
    os.kill(minder, signal.SIGKILL)
    assert process.wait(5).exit_code == 137
    wait_for(lambda: not alive(job))


def test_a_killed_server_leaves_no_job_alive(tmp_path):
    server = (
        "import sys, time; from pathlib import Path; from scrapectl.local.jobs.process import *\n"
        "argv = ('sh', '-c', 'trap \"\" TERM HUP; echo $$; sleep 60 & echo $!; setsid sleep 60 & echo $!; wait')\n"
        "say = lambda lines: [print(line.text, flush=True) for line in lines]\n"
        "Process(Command(argv, base_environment(), Path('.')), say, print).wait()"
    )
    with subprocess.Popen([sys.executable, "-c", server], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        pids = [int(parent.stdout.readline()) for _ in range(3)]
        assert all(alive(pid) for pid in pids)
        parent.kill()
    wait_for(lambda: not any(alive(pid) for pid in pids), seconds=2.0)


def read_all(*chunks: bytes) -> list[str]:
    rest = list(chunks)
    return [line.text for lines in read_lines(lambda: rest.pop(0) if rest else b"") for line in lines]


@pytest.mark.parametrize(
    ("chunks", "lines"),
    [
        ([b"a\r\nb"], ["a", "b"]),
        ([b"a\n\nb\n"], ["a", "", "b"]),
        ([b"\xff\n"], ["\N{REPLACEMENT CHARACTER}"]),
        (["ä".encode()[:1], "ä".encode()[1:] + b"\n"], ["ä"]),
        ([b"cut \xc3"], ["cut \N{REPLACEMENT CHARACTER}"]),
        ([b""], []),
    ],
)
def test_bytes_become_lines(chunks, lines):
    assert read_all(*chunks) == lines


@pytest.mark.parametrize("text", ["x" * 600_000, "ä" * 400_000, "x" + "€" * 200_000])
@pytest.mark.parametrize("end", ["", "\n"])
def test_long_lines_are_cut_and_nothing_is_lost(text, end):
    raw = (text + end).encode()
    lines = read_all(*[raw[at : at + 65_536] for at in range(0, len(raw), 65_536)])
    assert "".join(lines) == text
    assert max(len(line.encode()) for line in lines) <= LONGEST_LINE
    assert len(lines) == -(-len(text.encode()) // LONGEST_LINE)
