"""The line on stderr after a run."""

from __future__ import annotations

from typing import NamedTuple

#: What is shorter, in s, is given in ms.
SECOND = 0.9995


class Tally(NamedTuple):
    """What became of a run: structures finished, failed among them, and found finished from an earlier run."""

    finished: int = 0
    failed: int = 0
    resumed: int = 0


def summary(done: str, tally: Tally, seconds: float) -> str:
    """How many, how many failed, how long one took.

    Examples
    --------
    >>> summary("classified", Tally(12, 2), 0.6)
    '10 structures classified, 2 failed, 0.6 s (50 ms each)'
    >>> summary("classified", Tally(12, 2, 10), 0.6)
    '10 structures classified, 2 failed, 0.6 s; 10 of them were finished before'
    >>> summary("compared", Tally(2), 15.1)
    '2 structures compared, 0 failed, 15.1 s (7.55 s each)'
    """
    good = tally.finished - tally.failed
    noun = "structure" if good == 1 else "structures"
    text = f"{good} {noun} {done}, {tally.failed} failed, {seconds:.1f} s"
    if tally.resumed:
        return f"{text}; {tally.resumed} of them were finished before"
    return f"{text} ({_duration(seconds / tally.finished)} each)" if tally.finished > 1 else text


def _duration(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= SECOND else f"{1e3 * seconds:.3g} ms"
