"""Ctrl-C and SIGTERM: remembered when they come, and raised where nothing can swallow them.

Native modules that are interrupted while they are imported turn the interrupt into an error of their own, or lose it.
So it waits until the import is over, and until a process that is being started has all it needs. An error is believed
only if `was_asked_to_stop` says no. Where Python loses the interrupt itself, in a destructor or in a function that
native code calls, nothing is said, and `check_interrupt` finds it.
"""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

#: The exit code of the shell for Ctrl-C.
INTERRUPTED = 130
#: Seconds after which it is looked again whether an import, or the start of a process, is over.
_PATIENCE = 0.02
_CAN_WAIT = hasattr(signal, "setitimer")
#: As it stands in the traceback of every import, and of every start of a process: a worker that was started by half
#: would say so.
_UNINTERRUPTED = ("<frozen importlib", "multiprocessing/popen_spawn", "multiprocessing\\popen_spawn")

_asked = False
_listening = False


@contextmanager
def stops_remembered() -> Iterator[None]:
    """Have Ctrl-C and SIGTERM raise `KeyboardInterrupt` within it, but not in an import, and be remembered.

    Batch systems send SIGTERM: what is finished is kept, as after Ctrl-C. Where it is in force already, and in a
    thread that gets no signals, nothing changes. Ctrl-C stays ignored where the process was started so.
    """
    global _asked, _listening  # noqa: PLW0603 - signals belong to the whole process
    if _listening or threading.current_thread() is not threading.main_thread():
        yield
        return
    _asked, _listening = False, True
    heard = (signal.SIGINT, signal.SIGTERM) + ((signal.SIGALRM,) if _CAN_WAIT else ())
    before = {number: signal.getsignal(number) for number in heard}
    hook = sys.unraisablehook
    sys.unraisablehook = partial(_lost, hook)
    try:
        for number, handler in before.items():
            if number != signal.SIGINT or handler != signal.SIG_IGN:
                signal.signal(number, _stop)
        yield
    finally:
        if _CAN_WAIT:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        sys.unraisablehook = hook
        _asked = _listening = False


def was_asked_to_stop() -> bool:
    """Whether Ctrl-C or SIGTERM came, even if the interrupt was lost since."""
    return _asked


def check_interrupt() -> None:
    """Raise the `KeyboardInterrupt` that was lost; called now and then in long work.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C or SIGTERM came.
    """
    if _asked:
        raise KeyboardInterrupt


def say_stopped() -> int:
    """Say so on stderr, and give the exit code."""
    sys.stderr.write("xtalprint: stopped.\n")
    return INTERRUPTED


def _stop(number: int, frame: FrameType | None) -> None:
    global _asked
    again, _asked = _asked, True
    # Who asks twice is not kept waiting.
    if _CAN_WAIT and _must_not_be_interrupted(frame) and (number == signal.SIGALRM or not again):
        signal.setitimer(signal.ITIMER_REAL, _PATIENCE)
        return
    raise KeyboardInterrupt


def _lost(otherwise: Callable[[sys.UnraisableHookArgs], Any], unraisable: sys.UnraisableHookArgs) -> None:
    if not (_asked and issubclass(unraisable.exc_type, KeyboardInterrupt)):
        otherwise(unraisable)


def _must_not_be_interrupted(frame: FrameType | None) -> bool:
    while frame is not None:
        if any(place in frame.f_code.co_filename for place in _UNINTERRUPTED):
            return True
        frame = frame.f_back
    return False
