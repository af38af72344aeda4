"""Intervals of moduli from errors of crystals that were not learned from: how wide, and how many they hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.models.manifest import STIFF, IntervalRule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

#: Share of true values that an interval shall hold.
LEVEL = 0.90
#: Equal parts in which coverage is told.
PARTS = 5


@dataclass(frozen=True)
class Unseen:
    """Answers of one modulus for crystals that were not learned from.

    Parameters
    ----------
    value, true
        (n,) log10.
    disagreement
        (n,) standard deviation of the parts' answers.
    distance
        (n,) from the nearest crystal that was learned from.
    """

    value: Floats
    true: Floats
    disagreement: Floats
    distance: Floats

    def __getitem__(self, some: NDArray[Any]) -> Unseen:
        """Some of them."""
        return Unseen(self.value[some], self.true[some], self.disagreement[some], self.distance[some])

    @property
    def errors(self) -> Floats:
        """(n,) of log10, without sign."""
        return np.asarray(abs(self.value - self.true))

    @property
    def causes(self) -> Floats:
        """(n, 4) what a scale is a sum of, each with a coefficient of `IntervalRule`."""
        ones = np.ones(len(self.value))
        return np.stack([ones, self.disagreement, self.distance, np.maximum(0.0, STIFF - self.value)], axis=1)


def fitted_rule(unseen: Unseen) -> IntervalRule:
    """Coefficients by least squares of the errors, none negative; then the factor that makes nine of ten lie inside.

    The factor is the `conformal_factor` of the ratios of error and scale.
    """
    from scipy.optimize import nnls  # noqa: PLC0415 - 0.1 s

    coefficients = nnls(unseen.causes, unseen.errors)[0]
    ratios = unseen.errors / np.maximum(unseen.causes @ coefficients, 1e-6)
    constant, disagreement, remoteness, softness = coefficients.tolist()
    return IntervalRule(
        level=LEVEL,
        constant=constant,
        disagreement=disagreement,
        remoteness=remoteness,
        softness=softness,
        factor=conformal_factor(ratios),
    )


def half_widths(rule: IntervalRule, unseen: Unseen) -> Floats:
    """(n,) half of each interval, of log10."""
    coefficients = np.array([rule.constant, rule.disagreement, rule.remoteness, rule.softness])
    return np.asarray(rule.factor * (unseen.causes @ coefficients))


def coverage(unseen: Unseen, fold_of: Rows) -> dict[str, Any]:
    """How many true values intervals hold whose rule was fitted to the other folds.

    No crystal was learned from, and none has a part in the rule of its own interval.
    """
    half = np.zeros(len(unseen.value))
    for fold in np.unique(fold_of):
        here = fold_of == fold
        half[here] = half_widths(fitted_rule(unseen[~here]), unseen[here])
    inside = unseen.errors <= half
    return {
        "level": LEVEL,
        "coverage": round(float(inside.mean()), 4),
        "median_half_width_of_log10": round(float(np.median(half)), 4),
        "by_width": _by(half, inside),
        "by_distance": _by(unseen.distance, inside),
        "by_value": _by(unseen.value, inside),
    }


def _by(key: Floats, inside: NDArray[np.bool_]) -> list[float]:
    """Coverage in equal parts, from the least key to the largest."""
    parts = np.array_split(np.argsort(key, kind="stable"), PARTS)
    return [round(float(inside[part].mean()), 4) for part in parts]


def conformal_factor(scores: Floats) -> float:
    """The ⌈0.9 (n + 1)⌉-th smallest of n scores; the largest where that is beyond n.

    Examples
    --------
    >>> conformal_factor(np.arange(1.0, 100.0))
    90.0
    """
    place = min(int(np.ceil(LEVEL * (len(scores) + 1))), len(scores))
    return float(np.sort(scores)[place - 1])
