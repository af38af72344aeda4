"""Errors of predicted moduli in folds, as plain data."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.models.stiffness_intervals import coverage
from xtalprint.models.stiffness_prediction import PROPERTIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from xtalprint.models.stiffness_training import Folded

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

#: Shares of the crystals, by their distance from the nearest crystal learned from, between which errors are told.
QUANTILES = (0.0, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0)


def log_errors(predicted: Floats, y: Floats) -> dict[str, float]:
    """Errors in GPa and of log10, from log10."""
    in_gpa = abs(10.0**predicted - 10.0**y)
    return {
        "MAE, GPa": round(float(in_gpa.mean()), 3),
        "median error, GPa": round(float(np.median(in_gpa)), 3),
        "RMSE, GPa": round(float(np.sqrt((in_gpa**2).mean())), 3),
        "MAE of log10": round(float(abs(predicted - y).mean()), 5),
    }


def over_folds(predicted: Floats, y: Floats, fold_of: Rows) -> dict[str, Any]:
    """Means over the folds of the errors, with the standard error of the mean; from log10 of one modulus."""
    folds = np.unique(fold_of)
    by_fold = [log_errors(predicted[some], y[some]) for some in (fold_of == fold for fold in folds)]
    found: dict[str, Any] = {key: round(float(np.mean([one[key] for one in by_fold])), 4) for key in by_fold[0]}
    for key in ("MAE, GPa", "MAE of log10"):
        spread = float(np.std([one[key] for one in by_fold], ddof=1))
        found[f"standard error, {key}"] = round(spread / len(folds) ** 0.5, 4)
    return {**found, "by_fold": [one["MAE, GPa"] for one in by_fold]}


def measured(y: Floats, folded: Mapping[str, Folded]) -> dict[str, Any]:
    """Errors of each part, coverage of the intervals and errors by distance, of each modulus and way of parting.

    Parameters
    ----------
    y
        (n, targets) log10 of the true moduli.
    folded
        Answers by the name of the way of parting. Rules of intervals are fitted to the first, as the shipped one is.
    """
    figures: dict[str, Any] = {"n": len(y)}
    shipped = next(iter(folded.values()))
    for target, name in enumerate(PROPERTIES):
        figures[name] = {}
        fitted_to = shipped.unseen(y, target)
        for split, found in folded.items():
            unseen = found.unseen(y, target)
            figures[name][split] = {
                "n": len(y),
                "errors": {
                    part: over_folds(values[:, target], unseen.true, found.fold_of)
                    for part, values in found.parts.items()
                },
                "intervals": coverage(unseen, found.fold_of, fitted_to=fitted_to),
                "by_distance": _by_distance(unseen.value, unseen.true, unseen.distance),
            }
    return figures


def _by_distance(value: Floats, y: Floats, distance: Floats) -> list[dict[str, Any]]:
    """Errors of crystals parted by their distance from the nearest one that was learned from."""
    edges = np.quantile(distance, QUANTILES)
    rows = []
    for low, high in pairwise(edges):
        some = (distance >= low) & ((distance < high) | (high == edges[-1]))
        if some.any():
            errors = log_errors(value[some], y[some])
            rows.append({"from": round(float(low), 3), "to": round(float(high), 3), "n": int(some.sum()), **errors})
    return rows
