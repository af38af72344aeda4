"""Intervals that hold nine of ten true values, from the errors of other folds, and how many they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.models.stiffness_intervals import LEVEL, conformal_factor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

#: log10: the width where all ways agree, in units of which disagreement counts.
AGREED = 0.03
#: Equal parts by width in which coverage is told.
PARTS = 5


def intervals(predicted: Floats, y: Floats, spread: Floats, fold_of: Rows, kept: NDArray[np.bool_]) -> dict[str, Any]:
    """Coverage and width of intervals predicted ± q · (spread + 0.03) of log10.

    q is the quantile of |error| / (spread + 0.03) in the other folds, with the correction for their finite number.
    All errors are of crystals that were not learned from. The models of the folds differ, so that the coverage is not
    guaranteed: it is measured.

    Parameters
    ----------
    predicted, y
        log10 of the modulus.
    spread
        Standard deviation of the answers of the ways.
    fold_of
        Fold of each crystal.
    kept
        Which count.

    Source
    ------
    V. Vovk, Ann. Math. Artif. Intell. 74, 9 (2015), cross-conformal prediction.
    """
    scale = spread + AGREED
    half = np.zeros_like(scale)
    factors = []
    for fold in np.unique(fold_of):
        others = kept & (fold_of != fold)
        factor = conformal_factor(abs(predicted - y)[others] / scale[others])
        factors.append(round(factor, 4))
        half[fold_of == fold] = factor * scale[fold_of == fold]
    inside, half = (abs(predicted - y) <= half)[kept], half[kept]
    parts = np.array_split(np.argsort(half, kind="stable"), PARTS)
    return {
        "level": LEVEL,
        "coverage": round(float(inside.mean()), 4),
        "factors": factors,
        "median_half_width_of_log10": round(float(np.median(half)), 4),
        "median_ratio_of_the_ends": round(float(10 ** (2 * np.median(half))), 3),
        "by_width": [
            {
                "median_half_width_of_log10": round(float(np.median(half[part])), 4),
                "coverage": round(float(inside[part].mean()), 4),
            }
            for part in parts
        ],
    }
