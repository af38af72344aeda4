"""Apply a function to a stream of items with several workers, lazily and in order."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from numbers import Integral
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

from xtalprint.errors import WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from concurrent.futures import Executor

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Items in work or waiting per worker. Enough that no worker idles while the slowest item of the window is finished,
#: few enough that memory does not grow with the number of items.
AHEAD_PER_WORKER = 4
#: If nobody says how many threads, the calling thread works alone as long as the median time of the last few items is
#: less than so many seconds: handing such items to others and waiting for the interpreter lock costs more.
QUICK, FEW = 1.5e-3, 3
_NO_ITEM = object()


def available_cores() -> int:
    """Number of processor cores that this process may use (its affinity, not the size of the machine).

    Examples
    --------
    >>> available_cores() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map_ordered(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    threads: int | None = None,
    executor: Executor | None = None,
    rescue: Callable[[Item, Exception], Result] | None = None,
) -> Generator[Result, None, None]:
    """Yield ``function(item)`` for each item, in the order of the items, whatever the number of workers.

    The result is a generator: closing it stops the work.

    Items are taken from ``items`` by the calling thread, at most `AHEAD_PER_WORKER` per worker ahead of the result
    that is being waited for; so an endless or a huge stream needs no more memory than a short one. A result is
    yielded as soon as it and all before it are finished.

    Parameters
    ----------
    function
        Called once per item. It must not depend on the order of the calls.
    items
        Anything iterable; it is read lazily.
    threads
        Number of worker threads; 1 means no workers at all: the calls are made by the calling thread. None means all
        cores available to this process, as soon as items take longer than `QUICK`. Threads help where the function
        releases the interpreter lock.
    executor
        Another pool to work in (processes, Dask's ``client.get_executor()``), with ``threads`` workers. It is left
        open for its owner; only what was submitted here is cancelled.
    rescue
        Called with the item and the exception where an ``executor`` fails; gives the result instead, or raises.

    Raises
    ------
    WrongUsageError
        If ``threads`` is not a whole number from 1.
    Exception
        Whatever ``function`` or ``items`` raises, after the results of the items before it. Nothing is left running
        when that happens, or when the caller stops early or presses Ctrl-C.

    Examples
    --------
    >>> list(map_ordered(str.upper, ["fcc", "bcc"], threads=2))
    ['FCC', 'BCC']
    """
    given: Any = available_cores() if threads is None else threads
    if not isinstance(given, Integral) or given < 1:
        raise WrongUsageError(
            "threads must be a whole number, 1 or more", value=repr(threads), remedy="None means all"
        )
    workers = int(given)
    if executor is not None:
        return _windowed(executor, function, items, AHEAD_PER_WORKER * workers, rescue)
    if workers == 1:
        return (function(item) for item in items)
    work = _in_threads_if_slow if threads is None else _in_threads
    return work(function, items, workers)


def _in_threads_if_slow(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Generator[Result, None, None]:
    iterator, seconds = iter(items), deque[float](maxlen=FEW)
    for item in iterator:
        start = perf_counter()
        result = function(item)
        seconds.append(perf_counter() - start)
        yield result
        if len(seconds) == FEW and median(seconds) > QUICK:
            yield from _in_threads(function, iterator, workers)


def _in_threads(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Generator[Result, None, None]:
    pool = ThreadPoolExecutor(workers, thread_name_prefix="xtalprint")
    try:
        yield from _windowed(pool, function, items, AHEAD_PER_WORKER * workers)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _windowed(
    executor: Executor,
    function: Callable[[Item], Result],
    items: Iterable[Item],
    window: int,
    rescue: Callable[[Item, Exception], Result] | None = None,
) -> Generator[Result, None, None]:
    pending: deque[tuple[Future[Any], Any]] = deque()
    iterator = iter(items)
    exhausted = False
    try:
        while True:
            # A result that is ready is not held back until more items have been read.
            while not exhausted and len(pending) < window and not (pending and pending[0][0].done()):
                try:
                    item = next(iterator)
                except StopIteration:
                    exhausted = True
                except Exception as error:  # noqa: BLE001 - kept, and raised below after the results before it
                    pending.append((_failed(error), _NO_ITEM))
                    exhausted = True
                else:
                    pending.append((executor.submit(function, item), item))
            if not pending:
                return
            yield _result(*pending.popleft(), rescue)
    finally:
        for future, _ in pending:
            future.cancel()


def _result(
    future: Future[Any],
    item: Any,  # noqa: ANN401 - of any type
    rescue: Callable[[Any, Exception], Result] | None,
) -> Result:
    try:
        result: Result = future.result()
    except Exception as error:
        if rescue is None or item is _NO_ITEM:
            raise
        return rescue(item, error)
    return result


def _failed(error: Exception) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_exception(error)
    return future
