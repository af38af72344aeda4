"""The seam that spreads work: order, laziness, errors and clean stops."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import count, islice
from multiprocessing import get_context

import pytest

from xtalprint.compute import available_cores, map_ordered, ordered
from xtalprint.compute.ordered import AHEAD_PER_WORKER


def _sleep_then_double(x):
    time.sleep(0.01 if x % 3 == 0 else 0.0)
    return 2 * x


@pytest.mark.parametrize("threads", [None, 1, 2, 5])
def test_order_is_kept_whatever_the_number_of_threads(threads):
    assert list(map_ordered(_sleep_then_double, range(50), threads=threads)) == [2 * x for x in range(50)]


@pytest.mark.parametrize("threads", [1, 3])
def test_an_endless_stream_is_read_no_further_than_the_window(threads):
    taken = []

    def items():
        for i in count():
            taken.append(i)
            yield i

    results = map_ordered(_sleep_then_double, items(), threads=threads)
    assert list(islice(results, 5)) == [0, 2, 4, 6, 8]
    assert len(taken) <= 5 + AHEAD_PER_WORKER * threads


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_of_the_function_comes_in_its_place(threads):
    def fail_at_four(x):
        if x == 4:
            raise ArithmeticError("four")
        return x

    seen = []
    with pytest.raises(ArithmeticError, match="four"):
        seen.extend(map_ordered(fail_at_four, range(10), threads=threads))
    results = map_ordered(fail_at_four, range(10), threads=threads)
    assert [next(results) for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(ArithmeticError):
        next(results)


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_of_the_items_comes_after_the_results_before_it(threads):
    def items():
        yield from range(3)
        raise OSError("disk gone")

    results = map_ordered(_sleep_then_double, items(), threads=threads)
    assert [next(results) for _ in range(3)] == [0, 2, 4]
    with pytest.raises(OSError, match="disk gone"):
        next(results)


def test_stopping_early_leaves_no_thread_behind():
    results = map_ordered(_sleep_then_double, count(), threads=4)
    next(results)
    assert any(t.name.startswith("xtalprint") for t in threading.enumerate())
    results.close()
    assert not any(t.name.startswith("xtalprint") for t in threading.enumerate())


def test_ctrl_c_stops_the_workers():
    def interrupt(x):
        if x == 3:
            raise KeyboardInterrupt
        return x

    with pytest.raises(KeyboardInterrupt):
        list(map_ordered(interrupt, count(), threads=2))
    assert not any(t.name.startswith("xtalprint") for t in threading.enumerate())


def test_one_thread_works_in_the_calling_thread():
    me = threading.current_thread()
    assert all(t is me for t in map_ordered(lambda _: threading.current_thread(), range(3), threads=1))


def test_if_nobody_says_how_many_threads_quick_work_stays_in_the_calling_thread(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(ordered, "available_cores", lambda: 2)
    monkeypatch.setattr(ordered, "perf_counter", lambda: clock[0])

    def name_after(seconds):
        clock[0] += seconds
        return threading.current_thread().name

    here = threading.current_thread().name
    assert set(map_ordered(name_after, [0.01, *[0] * 20])) == {here}
    names = list(map_ordered(name_after, [0] * 5 + [0.005] * 20))
    assert set(names[:5]) == {here}
    assert all(name.startswith("xtalprint") for name in names[10:])


def test_work_really_runs_at_the_same_time():
    barrier = threading.Barrier(2, timeout=10)
    assert sorted(map_ordered(lambda _: barrier.wait(), range(2), threads=2)) == [0, 1]


def test_any_executor_fits_and_stays_open():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert list(map_ordered(abs, range(-3, 0), threads=1, executor=pool)) == [3, 2, 1]
        assert pool.submit(abs, -7).result() == 7


def test_no_workers_is_refused():
    with pytest.raises(ValueError, match=r"threads must be a whole number, 1 or more \(value: 0\)"):
        map_ordered(abs, [1], threads=0)


def test_cores_are_those_of_the_affinity():
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system has no affinity")
    mine = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(mine)})
        assert available_cores() == 1
    finally:
        os.sched_setaffinity(0, mine)
    assert available_cores() == len(mine)


def test_a_result_that_is_ready_is_not_held_back():
    """When the third item is asked for, the first result is out already."""
    seen = []

    def items():
        yield 0
        time.sleep(0.1)
        yield 1
        assert seen
        yield 2

    results = map_ordered(lambda i: i, items(), threads=2)
    for _ in range(3):
        seen.append(next(results))  # noqa: PERF401 - one at a time, as they come
    assert seen == [0, 1, 2]
