"""Intervals and tables for counted answers."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Two-sided 95 % quantile of the normal distribution.
Z95 = 1.959963984540054


def wilson_interval(right: float, total: int) -> tuple[float, float]:
    """95 % interval of a proportion (E. B. Wilson, J. Am. Stat. Assoc. 22, 209 (1927)).

    Examples
    --------
    >>> low, high = wilson_interval(10, 10)
    >>> round(low, 4), round(high, 4)
    (0.7225, 1.0)
    """
    p = right / total
    centre = p + Z95**2 / (2 * total)
    half = Z95 * sqrt(p * (1 - p) / total + Z95**2 / (4 * total**2))
    scale = 1 + Z95**2 / total
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def accuracy(
    truth: Sequence[str], answer: Sequence[str | None], *, structures: int | None = None
) -> dict[str, float | int | list[float]]:
    """Count, share of right answers and its 95 % interval; an answer of None is wrong.

    Parameters
    ----------
    truth, answer
        Of every question.
    structures
        How many structures were asked about, where some were asked about more than once (other draws of a defect,
        other forms). The answers about one structure are not independent. The interval is then that of the same
        share among as many answers as there are structures, which is too wide rather than too narrow.
    """
    right = sum(t == a for t, a in zip(truth, answer, strict=True))
    if not truth:
        return {"n": 0, "right": 0}
    share = right / len(truth)
    counted: dict[str, float | int | list[float]] = {"n": len(truth), "right": right, "accuracy": share}
    if structures is None:
        return counted | {"interval_95": list(wilson_interval(right, len(truth)))}
    return counted | {
        "structures": structures,
        "interval_95": list(wilson_interval(share * structures, structures)),
    }


def confusion_matrix(truth: Sequence[str], answer: Sequence[str | None], classes: Sequence[str]) -> NDArray[np.int64]:
    """Counts with true classes as rows and answers as columns; the last column counts failures."""
    matrix = np.zeros((len(classes), len(classes) + 1), dtype=np.int64)
    column = {name: i for i, name in enumerate(classes)}
    for t, a in zip(truth, answer, strict=True):
        matrix[column[t], len(classes) if a is None else column[a]] += 1
    return matrix
