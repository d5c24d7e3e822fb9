"""The virtual clock moves only when told, and tells."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from scrapectl.local.clock import RealClock, VirtualClock
from scrapectl.local.cloud import Cloud


def test_a_virtual_clock_moves_when_told():
    clock = VirtualClock(100.0)
    assert clock.now() == clock.now() == 100.0
    clock.sleep(2.5)
    clock.advance(-10)
    assert clock.now() == 102.5


def test_listeners_hear_of_every_advance():
    clock, heard = VirtualClock(0.0), []
    clock.on_advance(lambda: heard.append(clock.now()))
    clock.advance(1)
    clock.sleep(1)
    assert heard == [1.0, 2.0]


def test_the_real_clock_is_the_machines():
    before = time.time()
    RealClock().sleep(0.001)
    assert before < RealClock().now() <= time.time()


def test_a_clouds_workers_work_when_time_passes():
    cloud, seen = Cloud(VirtualClock(0.0)), []
    cloud.workers.append(lambda: seen.append(cloud.clock.now()))
    cloud.clock.advance(5)
    cloud.close()
    cloud.clock.advance(5)
    assert seen == [5.0]


def test_a_worker_that_fails_stops_no_other():
    cloud, seen = Cloud(VirtualClock(0.0)), []

    def fail():
        raise KeyError("a defect")

    cloud.workers += [fail, lambda: seen.append(1)]
    with pytest.raises(ExceptionGroup) as raised:
        cloud.clock.advance(1)
    cloud.close()
    assert seen == [1]
    assert [str(failure) for failure in raised.value.exceptions] == ["'a defect'"]


def test_threads_that_ask_at_once_get_the_same_store():
    cloud, together = Cloud(VirtualClock(0.0)), threading.Barrier(8)

    class Slow:
        def __init__(self):
            time.sleep(0.05)

    def ask(_):
        together.wait()
        return cloud.store(Slow, "global")

    with ThreadPoolExecutor(8) as pool:
        assert len({id(found) for found in list(pool.map(ask, range(8)))}) == 1
    cloud.close()


def test_closers_run_once():
    cloud, closed = Cloud(), []
    cloud.on_close(lambda: closed.append(1))
    cloud.close()
    cloud.close()
    assert closed == [1]
