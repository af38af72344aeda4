"""The workers of a Dask cluster as an executor, which says so when the scheduler is lost."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Executor, Future, InvalidStateError
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from xtalprint.errors import MissingExtraError, WrongUsageError, XtalprintError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Seconds that the scheduler, and then its first worker, are waited for.
PATIENCE, PATIENCE_WITH_WORKERS = 5, 15
#: Seconds between two looks at the connection.
LOOK_EVERY = 0.5
#: Seconds between two questions who is there, and that a cluster may be without workers before the work is given up.
ASK_EVERY, PATIENCE_WITHOUT_WORKERS = 5, 60
#: Seconds that the goodbye may take when all is done; Dask tidies up without us.
GOODBYE = 5
#: What is wrong, and what to do before the same command.
SCHEDULER_LOST = "Dask's scheduler was lost", "start it again"
WORKERS_LOST = "all workers of the Dask cluster were lost", "start some again"


#: So many times work is asked for anew whose answer Dask mistook.
ASK_AGAIN = 3


def _is_mishap(error: BaseException | None) -> bool:
    """Whether Dask took an answer for an error: the worker that held it was lost when it was to be fetched."""
    place = error.__traceback__ if isinstance(error, Exception) and type(error) in {TypeError, ValueError} else None
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return place is not None and place.tb_frame.f_globals.get("__name__") == "distributed.cfexecutor"


class WatchedExecutor(Executor):
    """Dask's own executor, but work does not wait for ever for a scheduler, or for workers, that are gone.

    Parameters
    ----------
    client
        A client of `distributed`.
    scheduler
        Its address, for the error.
    """

    def __init__(self, client: Any, scheduler: str) -> None:  # noqa: ANN401 - not typed to the end
        self._client = client
        self._scheduler = scheduler
        self._executor = client.get_executor(pure=False)
        self._waiting: set[Future[Any]] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        threading.Thread(target=self._watch, name="xtalprint-dask", daemon=True).start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401 - of Executor
        """Have a function called by a worker of the cluster."""
        future: Future[Any] = Future()
        with self._lock:
            self._waiting.add(future)
        self._ask(future, partial(fn, *args, **kwargs), ASK_AGAIN)
        return future

    def _ask(self, future: Future[Any], work: Callable[[], Any], again: int) -> None:
        try:
            self._executor.submit(work).add_done_callback(partial(self._finish, future, work, again))
        except Exception:
            if self._client.status == "running":
                raise
            self._lose()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002 - of Executor
        """Give up what is unfinished."""
        self._closed.set()
        self._executor.shutdown(wait=False)

    def _finish(self, future: Future[Any], work: Callable[[], Any], again: int, inner: Future[Any]) -> None:
        if again and not inner.cancelled() and _is_mishap(inner.exception()):
            try:
                self._ask(future, work, again - 1)
            except Exception as refusal:  # noqa: BLE001 - it would be lost here, and the future waited for for ever
                self._end(future, refusal)
            return
        if inner.cancelled():
            self._end(future, self._lost())
        elif (error := inner.exception()) is not None:
            self._end(future, error)
        else:
            self._end(future, None, inner.result())

    def _end(self, future: Future[Any], error: BaseException | None, result: Any = None) -> None:  # noqa: ANN401 - of Executor
        with self._lock:
            self._waiting.discard(future)
        with suppress(InvalidStateError):  # given up
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

    def _watch(self) -> None:
        asked = seen = time.monotonic()
        while not self._closed.wait(LOOK_EVERY):
            now = time.monotonic()
            if self._client.status != "running":  # Dask forgets all work when it connects again
                self._lose()
            elif now - asked >= ASK_EVERY:
                asked = now
                seen = now if self._has_workers() else seen
                if now - seen > PATIENCE_WITHOUT_WORKERS:
                    self._lose(WORKERS_LOST)

    def _has_workers(self) -> bool:
        """Whether there is a worker; True where the scheduler is too busy to say, or lost: that is told elsewhere."""
        try:
            return bool(self._client.sync(self._client.scheduler.ncores, callback_timeout=ASK_EVERY))
        except Exception:  # noqa: BLE001 - whatever a connection that breaks just now raises
            return True

    def _lose(self, what: tuple[str, str] = SCHEDULER_LOST) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, set()
        for future in waiting:
            with suppress(InvalidStateError):
                future.set_exception(self._lost(what))

    def _lost(self, what: tuple[str, str] = SCHEDULER_LOST) -> XtalprintError:
        problem, remedy = what
        return XtalprintError(
            problem,
            source=self._scheduler,
            remedy=f"{remedy}, and then the same command: what is in a folder of shards is not done again",
        )


@contextmanager
def dask_executor(scheduler: str) -> Iterator[tuple[WatchedExecutor, int, type[Exception]]]:
    """Connect to a cluster: its executor, the number of its threads, and what is raised for work that kills workers.

    Raises
    ------
    MissingExtraError
        If Dask is not installed.
    WrongUsageError
        If no scheduler answers, or no worker joins it.
    """
    try:
        distributed: Any = import_module("distributed")  # not typed to the end
    except ImportError as error:
        raise MissingExtraError.of("distributed", "dask", "the engine dask") from error
    with _quiet("distributed"), _connected(distributed, scheduler) as client:
        executor = WatchedExecutor(client, scheduler)
        try:
            yield executor, sum(client.nthreads().values()), distributed.KilledWorker
        finally:
            executor.shutdown()


@contextmanager
def _connected(distributed: Any, scheduler: str) -> Iterator[Any]:  # noqa: ANN401 - not typed to the end
    try:
        client = distributed.Client(scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise WrongUsageError(
            f"no Dask scheduler answers ({error})", value=scheduler, remedy="start one with: dask scheduler"
        ) from error
    try:
        try:
            client.wait_for_workers(1, timeout=PATIENCE_WITH_WORKERS)
        except TimeoutError as error:
            raise WrongUsageError(
                "the Dask cluster has no worker",
                value=scheduler,
                remedy=f"start one with: dask worker {scheduler} --nthreads 1",
            ) from error
        yield client
    finally:
        with suppress(TimeoutError):  # of a scheduler that is busy: all results are here
            client.close(timeout=GOODBYE)


@contextmanager
def _quiet(logger: str) -> Iterator[None]:
    """Silence a library that logs pages about what we say in a sentence."""
    found = logging.getLogger(logger)
    before = found.level
    found.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        found.setLevel(before)
