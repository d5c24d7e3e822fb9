"""Threads that run calls side by side: so many at a time, results as they come, nobody kept by a call that hangs."""

from __future__ import annotations

import subprocess
import sys
import threading

from scrapectl.engine.workers import Threads


def test_results_and_errors_come_with_their_tokens():
    threads = Threads(3)
    error = ValueError("no")

    def fail():
        raise error

    threads.submit("good", lambda: 1)
    threads.submit("bad", fail)
    ended = {token: (result, problem) for token, result, problem in (threads.next(5), threads.next(5))}
    assert ended == {"good": (1, None), "bad": (None, error)}
    assert threads.busy == 0
    assert threads.next(None) is None
    threads.close()


def test_no_more_than_were_allowed_run_at_once_and_the_rest_is_dropped_at_the_end():
    threads = Threads(2)
    begun, let_go = threading.Semaphore(0), threading.Event()
    ran = []

    def work(number: int) -> None:
        ran.append(number)
        begun.release()
        let_go.wait(5)

    for number in range(4):
        threads.submit(number, lambda number=number: work(number))
    assert begun.acquire(timeout=5)
    assert begun.acquire(timeout=5)
    assert threads.next(0.05) is None
    threads.close()
    let_go.set()
    assert {threads.next(5)[0], threads.next(5)[0]} == {0, 1}
    assert sorted(ran) == [0, 1]


def test_a_program_that_ends_is_not_kept_by_a_call_without_an_answer():
    program = "import time; from scrapectl.engine.workers import Threads; Threads(1).submit(1, lambda: time.sleep(60))"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=20)
