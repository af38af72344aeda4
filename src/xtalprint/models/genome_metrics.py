"""How well property classes are told: AUC, accuracy, F1 and average precision with intervals, and calibration."""

from __future__ import annotations

from importlib.util import find_spec
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.errors import MissingExtraError
from xtalprint.models.evaluation import expected_calibration_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Labels = NDArray[np.int64]

#: Resampled test parts behind an interval, and its ends.
DRAWS, ENDS = 200, (2.5, 97.5)
METRICS = ("auc", "accuracy", "f1", "average_precision")


def auc(probabilities: Floats, labels: Labels, weights: Floats | None = None) -> float:
    """Area under the receiver operating characteristic.

    Parameters
    ----------
    probabilities
        (n, classes) of each class.
    labels
        (n,) true class, from 0.
    weights
        (n,) of the rows; None for equal ones.

    Returns
    -------
    Of the last class where there are two. Of more, the mean over each against the rest. Classes that all rows
    belong to, or none, are left out; one half if no class is left.

    Examples
    --------
    >>> auc(np.array([[0.9, 0.1], [0.4, 0.6], [0.6, 0.4], [0.2, 0.8]]), np.array([0, 0, 1, 1]))
    0.75
    """
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415 - an extra

    wanted = [number for number in _classes(probabilities, labels, weights) if (labels != number).any()]
    return _mean(roc_auc_score, probabilities, labels, weights, wanted) if wanted else 0.5


def average_precision(probabilities: Floats, labels: Labels, weights: Floats | None = None) -> float:
    """Area under the steps of precision over recall; the mean over classes as of `f1`."""
    from sklearn.metrics import average_precision_score  # noqa: PLC0415 - an extra

    wanted = _classes(probabilities, labels, weights)
    return _mean(average_precision_score, probabilities, labels, weights, wanted) if wanted else 0.0


def accuracy(probabilities: Floats, labels: Labels, weights: Floats | None = None) -> float:
    """Share of rows whose most probable class is right."""
    return float(np.average(probabilities.argmax(axis=1) == labels, weights=weights))


def f1(probabilities: Floats, labels: Labels, weights: Floats | None = None) -> float:
    """Harmonic mean of precision and recall of the last of two classes; of more, the mean over those that occur."""
    from sklearn.metrics import f1_score  # noqa: PLC0415 - an extra

    wanted = _classes(probabilities, labels, weights)
    if not wanted:
        return 0.0
    answers = probabilities.argmax(axis=1)
    return float(f1_score(labels, answers, labels=wanted, average="macro", sample_weight=weights, zero_division=0.0))


def figures_of(
    probabilities: Floats, labels: Labels, *, groups: Sequence[str] | NDArray[np.str_], seed: int, draws: int = DRAWS
) -> dict[str, Any]:
    """All metrics with 95 % intervals, as plain data.

    Parameters
    ----------
    probabilities
        (n, classes).
    labels
        (n,) true class.
    groups
        (n,) such as the formula: rows of one group are drawn together, because they are not independent.
    seed
        Of the draws.
    draws
        Resampled test parts for an interval; 0 for none.

    Raises
    ------
    MissingExtraError
        If scikit-learn is not installed.
    """
    require_scikit_learn()
    metrics = {"auc": auc, "accuracy": accuracy, "f1": f1, "average_precision": average_precision}
    figures: dict[str, Any] = {"n": len(labels)}
    figures |= {name: metric(probabilities, labels) for name, metric in metrics.items()}
    figures["expected_calibration_error"] = expected_calibration_error(probabilities, labels)
    if not draws:
        return figures
    found: dict[str, list[float]] = {name: [] for name in metrics}
    for kept, weights in _resampled(groups, seed, draws):
        for name, metric in metrics.items():
            found[name].append(metric(probabilities[kept], labels[kept], weights))
    figures["interval_95"] = {
        name: [float(end) for end in np.percentile(values, ENDS)] for name, values in found.items()
    }
    return figures


def differences(
    one: Floats,
    other: Floats,
    labels: Labels,
    *,
    groups: Sequence[str] | NDArray[np.str_],
    seed: int,
    draws: int = DRAWS,
) -> dict[str, Any]:
    """AUC and accuracy of some answers less those of others about the same rows, as plain data.

    Both are asked of the same resampled rows, so that the 95 % intervals are of the differences. They hold the chance
    of the test rows, and not that of training again.

    Parameters
    ----------
    one, other
        (n, classes) probabilities.
    labels, groups, seed, draws
        As of `figures_of`.
    """
    metrics = {"auc": auc, "accuracy": accuracy}
    found: dict[str, list[float]] = {name: [] for name in metrics}
    for kept, weights in _resampled(groups, seed, draws):
        for name, metric in metrics.items():
            found[name].append(metric(one[kept], labels[kept], weights) - metric(other[kept], labels[kept], weights))
    figures: dict[str, Any] = {name: metric(one, labels) - metric(other, labels) for name, metric in metrics.items()}
    intervals = {name: [float(end) for end in np.percentile(values, ENDS)] for name, values in found.items()}
    return figures | {"interval_95": intervals}


def _resampled(
    groups: Sequence[str] | NDArray[np.str_], seed: int, draws: int
) -> Iterator[tuple[NDArray[np.bool_], Floats]]:
    """Rows that are in a resampled part, and how often, so many times; groups are drawn with replacement."""
    _, owner = np.unique(np.asarray(groups), return_inverse=True)
    rng = np.random.default_rng(seed)
    n_groups = int(owner.max()) + 1
    for _ in range(draws):
        counts = np.bincount(rng.integers(n_groups, size=n_groups), minlength=n_groups)
        weights = counts[owner].astype(np.float64)
        kept = weights > 0
        yield kept, weights[kept]


def over_seeds(figures: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Mean and standard deviation over networks that differ in the seed, of each metric, as plain data.

    Examples
    --------
    >>> over_seeds([{"auc": 0.5}, {"auc": 0.75}])["auc"]
    {'mean': 0.625, 'standard_deviation': 0.1767766952966369}
    """
    names = [name for name in (*METRICS, "expected_calibration_error") if name in figures[0]]
    values = {name: [float(one[name]) for one in figures] for name in names}
    return {
        name: {"mean": fmean(some), "standard_deviation": stdev(some) if len(some) > 1 else 0.0}
        for name, some in values.items()
    }


def require_scikit_learn() -> None:
    """Refuse to measure without scikit-learn."""
    if find_spec("sklearn") is None:
        raise MissingExtraError.of("scikit-learn", "train", "measuring property classes")


def _classes(probabilities: Floats, labels: Labels, weights: Floats | None) -> list[int]:
    """Classes that are asked about and that some rows belong to."""
    n = probabilities.shape[1]
    sums = np.bincount(labels, weights=weights, minlength=n)
    asked = range(1, n) if n == len(("no", "yes")) else range(n)
    return [number for number in asked if sums[number] > 0]


def _mean(
    score: Callable[..., float], probabilities: Floats, labels: Labels, weights: Floats | None, wanted: list[int]
) -> float:
    """Mean over some classes, each against the rest."""
    return float(
        np.mean([score(labels == number, probabilities[:, number], sample_weight=weights) for number in wanted])
    )
