"""A pool of processes that outlives its workers."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import Executor, Future, InvalidStateError, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from xtalprint.compute.worker import ONE_THREAD_EACH, prepare_process
from xtalprint.errors import XtalprintError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: How often a piece of work may be in a pool whose worker dies. One of them may be to blame, or none of them.
ATTEMPTS = 2


class WorkerLostError(XtalprintError):
    """The worker process died whenever this piece of work was in the pool."""


@dataclass
class _Task:
    call: Callable[[], Any]
    future: Future[Any] = field(default_factory=Future)
    deaths: int = 0


class SturdyProcessPool(Executor):
    """`ProcessPoolExecutor`, but work whose worker dies is given to a fresh one.

    If a process dies, all that was in work or waiting is lost to the pool, and nobody knows what killed it. So a new
    pool is made and does it again; what has been lost `ATTEMPTS` times gets a `WorkerLostError`, and its owner may
    look at it more closely.

    Parameters
    ----------
    workers
        Number of processes, started afresh (``spawn``): threads and ``fork`` do not go together.
    attempts
        How often work may be lost before it gets a `WorkerLostError`.
    """

    def __init__(self, workers: int, *, attempts: int = ATTEMPTS) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._stop = self._context.Event()
        self._workers = workers
        self._attempts = attempts
        self._lock = threading.Lock()
        self._open = True
        self._pool = self._fresh()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401 - of Executor
        """Have a function called in one of the processes."""
        task = _Task(partial(fn, *args, **kwargs))
        self._start(task)
        return task.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes; with ``cancel_futures``, work that asks `check_stop` ends in its middle too."""
        with self._lock:
            self._open = False
            pool = self._pool
        if cancel_futures:
            self._stop.set()
        pool.shutdown(wait=wait, cancel_futures=cancel_futures)

    def _fresh(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._workers, mp_context=self._context, initializer=prepare_process, initargs=(self._stop,)
        )

    def _start(self, task: _Task) -> None:
        while True:
            with self._lock:
                pool, is_open = self._pool, self._open
            if not is_open:
                task.future.cancel()
                return
            try:
                with _ctrl_c_left_to_the_parent():
                    inner = pool.submit(task.call)
            except BrokenProcessPool:
                self._replace(pool)
                continue
            except RuntimeError:  # it was shut down meanwhile
                task.future.cancel()
                return
            inner.add_done_callback(partial(self._finish, task, pool))
            return

    def _finish(self, task: _Task, pool: ProcessPoolExecutor, inner: Future[Any]) -> None:
        if inner.cancelled():
            task.future.cancel()
            return
        error = inner.exception()
        if isinstance(error, BrokenProcessPool):
            task.deaths += 1
            self._replace(pool)
            if task.deaths < self._attempts:
                self._start(task)
                return
            error = WorkerLostError(
                f"a worker process died {task.deaths} times before it was finished",
                remedy='check the memory; in a script, call this under if __name__ == "__main__": or give workers=1',
            )
        with suppress(InvalidStateError):  # cancelled by its owner
            if error is None:
                task.future.set_result(inner.result())
            else:
                task.future.set_exception(error)

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        with self._lock:
            if self._pool is broken and self._open:
                self._pool = self._fresh()


@contextmanager
def _ctrl_c_left_to_the_parent() -> Iterator[None]:
    """Have processes that are started meanwhile not hear Ctrl-C: it would meet them before they can ignore it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Have processes that are started meanwhile use one thread for linear algebra: they inherit it."""
    before = {name: os.environ.get(name) for name in ONE_THREAD_EACH}
    os.environ.update(dict.fromkeys(ONE_THREAD_EACH, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
