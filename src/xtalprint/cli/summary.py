"""The line on stderr after a run."""

from __future__ import annotations


def summary(done: str, finished: int, failed: int, seconds: float) -> str:
    """How many, how many failed, how long one took.

    Examples
    --------
    >>> summary("classified", 12, 2, 0.6)
    '10 structures classified, 2 failed, 0.6 s (50 ms each)'
    """
    good = finished - failed
    noun = "structure" if good == 1 else "structures"
    text = f"{good} {noun} {done}, {failed} failed, {seconds:.1f} s"
    return f"{text} ({1e3 * seconds / finished:.3g} ms each)" if finished > 1 else text
