"""Who does the work: this thread, several threads, processes, or the workers of a Dask cluster."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

from xtalprint.compute.ordered import available_cores
from xtalprint.errors import WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

#: The engines, by what `Engine` and ``--engine`` call them.
ENGINES = ("serial", "threads", "processes", "dask")


@dataclass(frozen=True)
class Engine:
    """Who does the work, and how many of them.

    Parameters
    ----------
    name
        ``"serial"``, ``"threads"``, ``"processes"`` (of this machine), or ``"dask"``.
    workers
        Number of threads or processes; None means as many as cores that this process may use. The number of Dask's
        workers is the cluster's own affair.
    scheduler
        Address of Dask's scheduler, such as ``"tcp://10.0.0.1:8786"``.

    Raises
    ------
    WrongUsageError
        If these do not fit together.
    """

    name: str = "threads"
    workers: int | None = None
    scheduler: str | None = None

    def __post_init__(self) -> None:
        if self.name not in ENGINES:
            raise WrongUsageError("no such engine", value=self.name, remedy=f"choose one of {', '.join(ENGINES)}")
        given: Any = self.workers
        if given is not None and (not isinstance(given, Integral) or given < 1):
            raise WrongUsageError("workers must be a whole number, 1 or more", value=repr(given))
        if self.name == "serial" and given not in {None, 1}:
            raise WrongUsageError(
                "the serial engine has one worker", value=given, remedy="choose threads or processes"
            )
        if self.name == "dask" and given is not None:
            raise WrongUsageError(
                "the workers of a Dask cluster are those that joined it",
                value=given,
                remedy="leave the number of workers out, and start more with: dask worker",
            )
        if self.name == "dask" and not self.scheduler:
            raise WrongUsageError(
                "Dask needs the address of its scheduler",
                remedy="give one, such as tcp://10.0.0.1:8786; on one machine, the engine processes does the same",
            )
        if self.name != "dask" and self.scheduler:
            raise WrongUsageError(
                "only Dask has a scheduler", value=self.scheduler, remedy="choose the engine dask as well"
            )


@dataclass(frozen=True)
class Pool:
    """An open engine.

    Parameters
    ----------
    executor
        What takes work; None if the calling thread does it.
    workers
        How many pieces of work are done at once.
    lost
        What it raises for work whose worker died again and again.
    """

    executor: Executor | None
    workers: int
    lost: tuple[type[Exception], ...] = ()


@contextmanager
def open_pool(engine: Engine) -> Iterator[Pool]:
    """Open an engine and close it again; work that is unfinished then is given up, between two structures.

    Raises
    ------
    MissingExtraError
        If Dask is asked for and not installed.
    WrongUsageError
        If its scheduler does not answer.
    """
    if engine.name == "dask":
        from xtalprint.compute.dask_pool import dask_executor  # noqa: PLC0415 - an extra

        with dask_executor(engine.scheduler or "") as (executor, workers, lost):
            yield Pool(executor, workers, (lost,))
        return
    workers = 1 if engine.name == "serial" else engine.workers or available_cores()
    if engine.name == "serial" or (engine.name == "threads" and workers == 1):
        yield Pool(None, 1)
    elif engine.name == "threads":
        with _threads(workers) as pool:
            yield pool
    else:
        with _processes(workers) as pool:
            yield pool


@contextmanager
def _threads(workers: int) -> Iterator[Pool]:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - not for --help

    from xtalprint.compute.worker import prepare_thread  # noqa: PLC0415 - likewise

    stop = threading.Event()
    executor = ThreadPoolExecutor(workers, "xtalprint", initializer=prepare_thread, initargs=(stop,))
    try:
        yield Pool(executor, workers)
    finally:
        stop.set()
        executor.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _processes(workers: int) -> Iterator[Pool]:
    from xtalprint.compute.process_pool import (  # noqa: PLC0415 - not for --help
        SturdyProcessPool,
        WorkerLostError,
        one_thread_each,
    )

    with one_thread_each():
        executor = SturdyProcessPool(workers)
        try:
            yield Pool(executor, workers, (WorkerLostError,))
        finally:
            executor.shutdown(wait=True, cancel_futures=True)
