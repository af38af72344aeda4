"""What a worker knows about the one it works for: when to stop, and that it must not outlive it."""

from __future__ import annotations

import os
import signal
import threading
from typing import Protocol

from xtalprint.errors import XtalprintError

#: Libraries of linear algebra use one thread in a worker process: the workers themselves share the cores.
ONE_THREAD_EACH = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

_of_this_worker = threading.local()


class StopFlag(Protocol):
    """A `threading.Event` or that of `multiprocessing`."""

    def is_set(self) -> bool:
        """Whether the work is to end."""
        ...


class StoppedError(XtalprintError):
    """The work was stopped between two structures; nobody waits for the rest."""


def prepare_thread(stop: StopFlag) -> None:
    """Tell a worker thread where to look whether to stop."""
    _of_this_worker.stop = stop


def prepare_process(stop: StopFlag) -> None:
    """Do the same for a worker process, which leaves Ctrl-C to its parent and ends with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with_parent()
    prepare_thread(stop)


def check_stop() -> None:
    """Raise `StoppedError` if the work of this worker is to end; called between two structures."""
    stop: StopFlag | None = getattr(_of_this_worker, "stop", None)
    if stop is not None and stop.is_set():
        raise StoppedError("stopped")


def end_with_parent() -> None:
    """Let a worker process end when the one that started it is killed, instead of waiting for ever."""
    from multiprocessing import parent_process  # noqa: PLC0415 - only in a worker process

    parent = parent_process()
    if parent is not None:

        def wait_and_end() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=wait_and_end, daemon=True).start()
