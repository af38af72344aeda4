"""Intervals of moduli from errors of crystals that were not learned from: how wide, and how many they hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.models.manifest import IntervalRule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

#: Share of true values that an interval shall hold.
LEVEL = 0.90
#: log10 of a modulus in GPa from which on softness has no part in the width of an interval.
STIFF = 2.2
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

    def half_widths(self, rule: IntervalRule) -> Floats:
        """(n,) of log10."""
        return rule.half_width(self.value, self.disagreement, self.distance)


def fitted_rule(unseen: Unseen) -> IntervalRule:
    """Coefficients by least squares of the errors, none negative; then the factor that makes nine of ten lie inside.

    The factor is the `conformal_factor` of the ratios of error and scale.
    """
    from scipy.optimize import nnls  # noqa: PLC0415 - 0.1 s

    # Each coefficient alone, as 1: what an error is a sum of.
    causes = np.stack([unseen.half_widths(_rule(one)) for one in np.eye(4)], axis=1)
    scale = _rule(nnls(causes, unseen.errors)[0])
    ratios = unseen.errors / np.maximum(unseen.half_widths(scale), 1e-6)
    return scale.model_copy(update={"factor": conformal_factor(ratios)})


def _rule(coefficients: Floats) -> IntervalRule:
    """Rule with the factor 1."""
    constant, disagreement, remoteness, softness = coefficients.tolist()
    return IntervalRule(
        level=LEVEL,
        constant=constant,
        disagreement=disagreement,
        remoteness=remoteness,
        softness=softness,
        factor=1.0,
        stiff=STIFF,
    )


def coverage(unseen: Unseen, fold_of: Rows, *, fitted_to: Unseen | None = None) -> dict[str, Any]:
    """How many true values intervals hold, and how far the answers are off, in parts of the crystals.

    No crystal was learned from, and none has a part in the rule of its own interval: that is fitted to the crystals
    of the other folds.

    Parameters
    ----------
    unseen
        The answers whose intervals are measured.
    fold_of
        (n,) their folds.
    fitted_to
        The answers that the rules are fitted to, of the same crystals in the same order; default: ``unseen``, and
        then the whole share is near `LEVEL` by construction.

    Returns
    -------
    Shares in equal parts, from the least to the largest: by the width of the interval, by the distance, by the
    predicted and by the true value; for the latter the mean error of log10, with its sign, too.
    """
    made_of = unseen if fitted_to is None else fitted_to
    half = np.zeros(len(unseen.value))
    for fold in np.unique(fold_of):
        here = fold_of == fold
        half[here] = unseen[here].half_widths(fitted_rule(made_of[~here]))
    inside = unseen.errors <= half
    return {
        "level": LEVEL,
        "coverage": round(float(inside.mean()), 4),
        "median_half_width_of_log10": round(float(np.median(half)), 4),
        "by_width": _by(half, inside),
        "by_distance": _by(unseen.distance, inside),
        "by_predicted_value": _by(unseen.value, inside),
        "by_true_value": _by(unseen.true, inside),
        "mean_error_of_log10_by_true_value": _by(unseen.true, unseen.value - unseen.true),
    }


def _by(key: Floats, values: NDArray[Any]) -> list[float]:
    """Means in equal parts, from the least key to the largest."""
    parts = np.array_split(np.argsort(key, kind="stable"), PARTS)
    return [round(float(values[part].mean()), 4) for part in parts]


def conformal_factor(scores: Floats) -> float:
    """The ⌈0.9 (n + 1)⌉-th smallest of n scores; the largest where that is beyond n.

    Examples
    --------
    >>> conformal_factor(np.arange(1.0, 100.0))
    90.0
    """
    place = min(int(np.ceil(LEVEL * (len(scores) + 1))), len(scores))
    return float(np.sort(scores)[place - 1])
