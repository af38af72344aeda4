"""The line on stderr after a run."""

from __future__ import annotations

from typing import NamedTuple


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
    """
    good = tally.finished - tally.failed
    noun = "structure" if good == 1 else "structures"
    text = f"{good} {noun} {done}, {tally.failed} failed, {seconds:.1f} s"
    if tally.resumed:
        return f"{text}; {tally.resumed} of them were finished before"
    return f"{text} ({1e3 * seconds / tally.finished:.3g} ms each)" if tally.finished > 1 else text
